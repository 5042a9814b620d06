/**
 * The calls of one trunk that has a cap (Durable Object, one per such trunk): one object decides for all nodes and Workers, one call after the other, so the count is exact. A
 * call counts by a lease that its node renews; the record of the call ends it, and a lost node's leases run out.
 */
import { DurableObject } from 'cloudflare:workers';
import { capLimits } from '@callgate/shared/limits.ts';
import type { TrunkOptions } from '@callgate/shared/routing/trunk-options.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Env } from '../env.ts';
import { type Bucket, refill } from './token-bucket.ts';

export type CapVerdict = 'taken' | 'trunk-full' | 'trunk-too-fast';

/** The object that counts the calls of a trunk. */
export function trunkCallsOf(env: Env, trunkId: string): DurableObjectStub<TrunkCalls> {
  return env.TRUNK_CALLS.getByName(trunkId);
}

export class TrunkCalls extends DurableObject<Env> {
  clock: Clock = systemClock;
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS leases (
      call_id TEXT PRIMARY KEY, node TEXT NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID`);
    // Calls that have ended: a report that was under way must not bring them back.
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS ended (
      call_id TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID`);
    this.#sql.exec(
      'CREATE TABLE IF NOT EXISTS bucket (tokens REAL NOT NULL, at_ms INTEGER NOT NULL)',
    );
  }

  /** Counts a new call, or says which cap it meets. An offer that comes again is the same call. */
  async take(node: string, callId: string, options: TrunkOptions): Promise<CapVerdict> {
    const nowMs = this.clock.now();
    this.#sweep(nowMs);
    const isKnown =
      this.#sql.exec('SELECT 1 FROM leases WHERE call_id = ?', callId).toArray().length > 0;
    if (isKnown) return 'taken';
    const { max_calls: callsMax, calls_per_second: perSecond } = options;
    if (callsMax !== undefined && this.#count() >= callsMax) return 'trunk-full';
    if (perSecond !== undefined) {
      const burst = options.calls_burst ?? Math.max(1, Math.floor(perSecond));
      const bucket = refill(this.#bucket(), { perSecond, burst }, nowMs);
      if (bucket.tokens < 1) return 'trunk-too-fast';
      this.#sql.exec('DELETE FROM bucket');
      this.#sql.exec('INSERT INTO bucket VALUES (?, ?)', bucket.tokens - 1, bucket.atMs);
    }
    const leaseMs = callsMax === undefined ? capLimits.sameOfferMs : capLimits.leaseMs;
    this.#sql.exec('INSERT INTO leases VALUES (?, ?, ?)', callId, node, nowMs + leaseMs);
    await this.#wake(nowMs);
    return 'taken';
  }

  /** The calls live: they count for another capLimits.leaseMs, also those whose lease had run out while the edge could not be reached. */
  async renew(node: string, callIds: readonly string[]): Promise<void> {
    const nowMs = this.clock.now();
    this.#sweep(nowMs);
    for (const callId of callIds)
      this.#sql.exec(
        `INSERT INTO leases SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM ended WHERE call_id = ?1)
         ON CONFLICT (call_id) DO UPDATE SET until_ms = excluded.until_ms WHERE node = excluded.node`,
        callId,
        node,
        nowMs + capLimits.leaseMs,
      );
    await this.#wake(nowMs);
  }

  /** The calls have ended. A node ends its own only. */
  async end(node: string, callIds: readonly string[]): Promise<void> {
    const nowMs = this.clock.now();
    for (const callId of callIds) {
      this.#sql.exec('DELETE FROM leases WHERE call_id = ? AND node = ?', callId, node);
      // What is still counted is another node's, and is renewed by that one.
      this.#sql.exec(
        `INSERT OR REPLACE INTO ended SELECT ?1, ?2
         WHERE NOT EXISTS (SELECT 1 FROM leases WHERE call_id = ?1)`,
        callId,
        nowMs + capLimits.leaseMs,
      );
    }
    await this.#wake(nowMs);
  }

  /** Calls that count now. */
  async count(): Promise<number> {
    this.#sweep(this.clock.now());
    return this.#count();
  }

  /** Forgets what has run out, so that an idle trunk leaves nothing behind. */
  override async alarm(): Promise<void> {
    const nowMs = this.clock.now();
    this.#sweep(nowMs);
    const { left } = this.#sql
      .exec<{ left: number }>(
        'SELECT (SELECT count(*) FROM leases) + (SELECT count(*) FROM ended) AS left',
      )
      .one();
    if (left > 0) await this.#wake(nowMs);
  }

  #count(): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM leases').one().n;
  }

  #sweep(nowMs: number): void {
    this.#sql.exec('DELETE FROM leases WHERE until_ms <= ?', nowMs);
    this.#sql.exec('DELETE FROM ended WHERE until_ms <= ?', nowMs);
  }

  #bucket(): Bucket | null {
    const [row] = this.#sql
      .exec<{ tokens: number; at_ms: number }>('SELECT tokens, at_ms FROM bucket')
      .toArray();
    return row === undefined ? null : { tokens: row.tokens, atMs: row.at_ms };
  }

  async #wake(nowMs: number): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(nowMs + capLimits.leaseMs);
  }
}
