/**
 * Wrong PINs, counted per trunk and caller and per trunk and source (Durable Object, SQLite): a caller number can be forged, a source address less so. Who
 * guesses too often is locked out for a while, and cannot tell that from a wrong PIN. Trunks are spread over several objects.
 */
import { DurableObject } from 'cloudflare:workers';
import { pinLimits } from '@callgate/shared/limits.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Env } from '../env.ts';
import { keyHash } from '../routing/shards/bucket.ts';
import { sha256Hex } from '../trust/constant-time.ts';

export interface Guesser {
  readonly trunkId: string | null;
  readonly call: Pick<RoutedCall, 'fromUser' | 'source'>;
}

/** The object that counts for a trunk. */
export function lockoutOf(
  env: Env,
  { trunkId }: Pick<Guesser, 'trunkId'>,
): DurableObjectStub<PinLockout> {
  return env.PIN_LOCKOUT.getByName(`pins-${keyHash(trunkId ?? '') % pinLimits.lockoutObjects}`);
}

export class PinLockout extends DurableObject<Env> {
  clock: Clock = systemClock;
  /** Rows written since the oldest were last looked for; an object that has just woken does not know. */
  #sinceTrim: number = pinLimits.lockoutBeyondMax;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    state.storage.sql.exec(`CREATE TABLE IF NOT EXISTS wrong (
      who TEXT PRIMARY KEY, count INTEGER NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID`);
    state.storage.sql.exec('CREATE INDEX IF NOT EXISTS wrong_age ON wrong (until_ms)');
  }

  /** Whether the caller has guessed too often. */
  async isLocked(guesser: Guesser): Promise<boolean> {
    return this.#limitsOf(guesser).some(([who, max]) => this.#countOf(who) >= max);
  }

  /**
   * Counts a wrong PIN: so many within pinLimits.lockoutMs lock out for as long again. Slips of many callers over a day, who share the address of their carrier, add up to
   * nothing.
   */
  async addWrong(guesser: Guesser): Promise<void> {
    const nowMs = this.clock.now();
    const { sql } = this.ctx.storage;
    sql.exec('DELETE FROM wrong WHERE until_ms <= ?', nowMs);
    for (const [who, max] of this.#limitsOf(guesser))
      sql.exec(
        `INSERT INTO wrong VALUES (?1, 1, ?2) ON CONFLICT (who) DO UPDATE
         SET count = count + 1, until_ms = CASE WHEN count + 1 = ?3 THEN ?2 ELSE until_ms END`,
        who,
        nowMs + pinLimits.lockoutMs,
        max,
      );
    this.#sinceTrim += 2;
    if (this.#sinceTrim > pinLimits.lockoutBeyondMax) this.#trim();
    await this.ctx.storage.setAlarm(nowMs + pinLimits.lockoutMs);
  }

  override async alarm(): Promise<void> {
    this.ctx.storage.sql.exec('DELETE FROM wrong WHERE until_ms <= ?', this.clock.now());
  }

  /** Forged callers must not fill the store: beyond the bound the oldest go. */
  #trim(): void {
    this.#sinceTrim = 0;
    this.ctx.storage.sql.exec(
      `DELETE FROM wrong WHERE who IN (
         SELECT who FROM wrong ORDER BY until_ms DESC LIMIT -1 OFFSET ?)`,
      pinLimits.lockoutRowsMax,
    );
  }

  #limitsOf({ trunkId, call }: Guesser): [string, number][] {
    // Hashed: the store needs to know who is the same, not who it is.
    const key = (kind: string, text: string) =>
      `${kind} ${sha256Hex(JSON.stringify([trunkId, text])).slice(0, 32)}`;
    return [
      [key('caller', call.fromUser), pinLimits.wrongPerCallerMax],
      [key('source', call.source), pinLimits.wrongPerSourceMax],
    ];
  }

  #countOf(who: string): number {
    const [row] = this.ctx.storage.sql
      .exec<{ count: number }>(
        'SELECT count FROM wrong WHERE who = ? AND until_ms > ?',
        who,
        this.clock.now(),
      )
      .toArray();
    return row?.count ?? 0;
  }
}
