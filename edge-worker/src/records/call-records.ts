/**
 * Call records at rest: a SQLite Durable Object that counts each record once by (call_id, sequence). Calls are spread over several
 * objects by the hash of their id, so that no single one takes every write.
 */
import { DurableObject } from 'cloudflare:workers';
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { recordLimits } from '@callgate/shared/limits.ts';
import { systemClock } from '../clock.ts';
import type { Env } from '../env.ts';
import { sha256Hex } from '../trust/constant-time.ts';

/** A record as it is read back. */
export interface StoredRecord {
  readonly record: CallRecord;
  /** The node that delivered it. */
  readonly node: string;
  /** ms since epoch by the edge's clock. */
  readonly received_at_ms: number;
}

/** The object that holds the records of a call. */
export function recordsOf(env: Env, callId: string): DurableObjectStub<CallRecords> {
  const shard = Number.parseInt(sha256Hex(callId).slice(0, 4), 16) % recordLimits.objects;
  return env.CALL_RECORDS.getByName(`records-${shard}`);
}

export class CallRecords extends DurableObject<Env> {
  clock = systemClock;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    state.storage.sql.exec(`CREATE TABLE IF NOT EXISTS records (
      call_id TEXT NOT NULL, sequence INTEGER NOT NULL, node TEXT NOT NULL,
      received_at_ms INTEGER NOT NULL, record TEXT NOT NULL,
      PRIMARY KEY (call_id, sequence)) WITHOUT ROWID`);
    state.storage.sql.exec(`CREATE TABLE IF NOT EXISTS refusals (
      call_id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, refusal TEXT NOT NULL) WITHOUT ROWID`);
    state.storage.sql.exec('CREATE INDEX IF NOT EXISTS refusals_age ON refusals (at_ms)');
    state.storage.sql.exec('CREATE INDEX IF NOT EXISTS records_age ON records (received_at_ms)');
  }

  /** Stores a record. `false`: it was there already, and what is there stays. */
  async add(node: string, callId: string, sequence: number, record: string): Promise<boolean> {
    const { rowsWritten } = this.ctx.storage.sql.exec(
      'INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?)',
      callId,
      sequence,
      node,
      this.clock.now(),
      record,
    );
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(this.clock.now() + recordLimits.sweepMs);
    return rowsWritten > 0;
  }

  /** Keeps why a call was refused: JSON text, the latest for each call. */
  async addRefusal(callId: string, refusal: string): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec('INSERT OR REPLACE INTO refusals VALUES (?, ?, ?)', callId, this.clock.now(), refusal);
    // Strangers cause refusals: beyond the bound the oldest go.
    sql.exec(
      `DELETE FROM refusals WHERE call_id IN (
         SELECT call_id FROM refusals ORDER BY at_ms DESC LIMIT -1 OFFSET ?)`,
      recordLimits.refusalsMax,
    );
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(this.clock.now() + recordLimits.sweepMs);
  }

  /** null: the call was not refused by the edge, or it is not known. */
  async refusalOf(callId: string): Promise<string | null> {
    const [row] = this.ctx.storage.sql
      .exec<{ refusal: string }>('SELECT refusal FROM refusals WHERE call_id = ?', callId)
      .toArray();
    return row?.refusal ?? null;
  }

  /** The records of a call in their order, as the JSON they came in. */
  async ofCall(
    callId: string,
  ): Promise<{ node: string; received_at_ms: number; record: string }[]> {
    return this.ctx.storage.sql
      .exec<{ node: string; received_at_ms: number; record: string }>(
        'SELECT node, received_at_ms, record FROM records WHERE call_id = ? ORDER BY sequence',
        callId,
      )
      .toArray();
  }

  /** Forgets what is older than recordLimits.keepMs. */
  override async alarm(): Promise<void> {
    const sql = this.ctx.storage.sql;
    sql.exec(
      'DELETE FROM records WHERE received_at_ms < ?',
      this.clock.now() - recordLimits.keepMs,
    );
    sql.exec('DELETE FROM refusals WHERE at_ms < ?', this.clock.now() - recordLimits.keepMs);
    const { n: left } = sql
      .exec<{ n: number }>(
        'SELECT (SELECT count(*) FROM records) + (SELECT count(*) FROM refusals) AS n',
      )
      .one();
    if (left > 0) await this.ctx.storage.setAlarm(this.clock.now() + recordLimits.sweepMs);
  }
}
