/** Why calls were refused, as one object of records keeps it in SQLite: JSON text, the latest for each call. Strangers cause refusals, so their number is bounded. */
import { recordLimits } from '@callgate/shared/limits.ts';

export interface RefusalBounds {
  readonly countMax: number;
  /** So many may be there beyond: to find the oldest costs a walk over all. */
  readonly beyondMax: number;
}

const usual: RefusalBounds = {
  countMax: recordLimits.refusalsMax,
  beyondMax: recordLimits.refusalsBeyondMax,
};

export class RefusalStore {
  readonly #sql: SqlStorage;
  readonly #bounds: RefusalBounds;
  #sinceTrim = 0;

  constructor(sql: SqlStorage, bounds: RefusalBounds = usual) {
    this.#sql = sql;
    this.#bounds = bounds;
    sql.exec(`CREATE TABLE IF NOT EXISTS refusals (
      call_id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, refusal TEXT NOT NULL) WITHOUT ROWID`);
    sql.exec('CREATE INDEX IF NOT EXISTS refusals_age ON refusals (at_ms)');
  }

  put(callId: string, refusal: string, nowMs: number): void {
    this.#sql.exec('INSERT OR REPLACE INTO refusals VALUES (?, ?, ?)', callId, nowMs, refusal);
    this.#sinceTrim += 1;
    if (this.#sinceTrim > this.#bounds.beyondMax) this.#trimCount();
  }

  /** null: the call was not refused by the edge, or it is not known. */
  of(callId: string): string | null {
    const [row] = this.#sql
      .exec<{ refusal: string }>('SELECT refusal FROM refusals WHERE call_id = ?', callId)
      .toArray();
    return row?.refusal ?? null;
  }

  /** Forgets what came before, and beyond their number the oldest. @returns how many are left */
  trim(beforeMs: number): number {
    this.#sql.exec('DELETE FROM refusals WHERE at_ms < ?', beforeMs);
    this.#trimCount();
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM refusals').one().n;
  }

  #trimCount(): void {
    this.#sinceTrim = 0;
    this.#sql.exec(
      `DELETE FROM refusals WHERE call_id IN (
         SELECT call_id FROM refusals ORDER BY at_ms DESC LIMIT -1 OFFSET ?)`,
      this.#bounds.countMax,
    );
  }
}
