/**
 * Calls that were let in, into a room or to be asked for a PIN, and whose record has not come in: who carries them, and as whom they are in which room. Written beside the decision, not in front
 * of it. What is asked of it: which node has a call (to hang it up or transfer it), and which calls a lost node had. Spread over several objects by the
 * hash of the call id.
 */
import { DurableObject } from 'cloudflare:workers';
import { liveCallLimits } from '@callgate/shared/limits.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Env } from '../env.ts';
import { sha256Hex } from '../trust/constant-time.ts';

export interface LiveCall {
  readonly callId: string;
  readonly node: string;
  /** Both empty while the caller is asked for the PIN: it is in no room yet. */
  readonly room: string;
  readonly identity: string;
  /** What its record will say, as far as the edge knows: JSON. */
  readonly recordJson: string;
  /** The run of the node that asked (shared/contract/process.ts); null: it did not say. */
  readonly process: string | null;
}

export type LostCall = LiveCall & { readonly sinceMs: number };

/** Which calls of a node are lost. */
export interface Lost {
  /** Those that were let in before, ms since epoch. */
  readonly beforeMs: number;
  /** The run of the node whose calls live, or null. */
  readonly exceptProcess: string | null;
}

/** The object that knows a call. */
export function liveCallsOf(env: Env, callId: string): DurableObjectStub<LiveCalls> {
  return objectOf(env, Number.parseInt(sha256Hex(callId).slice(0, 4), 16) % liveCallLimits.objects);
}

/** All objects: a node's calls are spread over them. */
export function allLiveCalls(env: Env): DurableObjectStub<LiveCalls>[] {
  return Array.from({ length: liveCallLimits.objects }, (_, index) => objectOf(env, index));
}

function objectOf(env: Env, index: number): DurableObjectStub<LiveCalls> {
  return env.LIVE_CALLS.getByName(`live-${index}`);
}

type Row = {
  call_id: string;
  node: string;
  room: string;
  identity: string;
  record: string;
  since_ms: number;
  process: string | null;
};

export class LiveCalls extends DurableObject<Env> {
  clock: Clock = systemClock;
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS live (
      call_id TEXT PRIMARY KEY, node TEXT NOT NULL, room TEXT NOT NULL, identity TEXT NOT NULL,
      record TEXT NOT NULL, since_ms INTEGER NOT NULL) WITHOUT ROWID`);
    this.#sql.exec('CREATE INDEX IF NOT EXISTS live_node ON live (node)');
    // A table of its own: an edge that is rolled back writes `live` as it was.
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS live_process (
      call_id TEXT PRIMARY KEY, process TEXT NOT NULL) WITHOUT ROWID`);
  }

  /** The edge has let a call in. */
  async begin({ callId, node, room, identity, recordJson, process }: LiveCall): Promise<void> {
    this.#sql.exec(
      'INSERT OR REPLACE INTO live VALUES (?, ?, ?, ?, ?, ?)',
      ...[callId, node, room, identity, recordJson, this.clock.now()],
    );
    if (process === null) this.#sql.exec('DELETE FROM live_process WHERE call_id = ?', callId);
    else this.#sql.exec('INSERT OR REPLACE INTO live_process VALUES (?, ?)', callId, process);
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(this.clock.now() + liveCallLimits.sweepMs);
  }

  /** Its record is in. A node ends its own calls only, and the record of an INVITE before ends nothing: it may come later than the note of the next. */
  async end(callId: string, node: string, sequence: number): Promise<void> {
    const { rowsWritten } = this.#sql.exec(
      "DELETE FROM live WHERE call_id = ? AND node = ? AND json_extract(record, '$.sequence') <= ?",
      ...[callId, node, sequence],
    );
    if (rowsWritten > 0) this.#sql.exec('DELETE FROM live_process WHERE call_id = ?', callId);
  }

  /** null: no such call is up. */
  async find(callId: string): Promise<Pick<LiveCall, 'node' | 'room' | 'identity'> | null> {
    const [row] = this.#sql
      .exec<Pick<Row, 'node' | 'room' | 'identity'>>(
        'SELECT node, room, identity FROM live WHERE call_id = ?',
        callId,
      )
      .toArray();
    return row ?? null;
  }

  /** Up to liveCallLimits.lostAtOnce calls that a node had before, the oldest first. They stay until `end`. */
  async lostWith(node: string, { beforeMs, exceptProcess }: Lost): Promise<LostCall[]> {
    return this.#sql
      .exec<Row>(
        `SELECT live.*, process FROM live LEFT JOIN live_process USING (call_id)
         WHERE node = ? AND since_ms < ? AND process IS NOT ? ORDER BY since_ms LIMIT ?`,
        ...[node, beforeMs, exceptProcess ?? '', liveCallLimits.lostAtOnce],
      )
      .toArray()
      .map(({ call_id, record, since_ms, ...row }) => ({
        ...row,
        callId: call_id,
        recordJson: record,
        sinceMs: since_ms,
      }));
  }

  /** Forgets calls that can no longer be up: their record was lost with the disk of a node. */
  override async alarm(): Promise<void> {
    const now = this.clock.now();
    this.#sql.exec('DELETE FROM live WHERE since_ms < ?', now - liveCallLimits.keepMs);
    this.#sql.exec('DELETE FROM live_process WHERE call_id NOT IN (SELECT call_id FROM live)');
    const { n: left } = this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM live').one();
    if (left > 0) await this.ctx.storage.setAlarm(now + liveCallLimits.sweepMs);
  }
}
