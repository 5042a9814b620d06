/** Answers to requests that carried an idempotency key: whoever sends the same again gets the first answer, and nothing happens twice. */
import { revisionLimits } from '@callgate/shared/limits.ts';

export interface IdempotencyKey {
  /** The client's key, with the way it came by in front. */
  readonly key: string;
  /** Hash of the request, so that one key cannot stand for two requests. */
  readonly fingerprint: string;
}

export class Answers {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The first answer as JSON text; `reused`: the key belongs to another request; null: the key is new. */
  find({ key, fingerprint }: IdempotencyKey, nowMs: number): string | 'reused' | null {
    const [row] = this.#sql
      .exec<{ fingerprint: string; answer: string }>(
        'SELECT fingerprint, answer FROM answers WHERE key = ? AND at_ms > ?',
        key,
        nowMs - revisionLimits.answerAgeMs,
      )
      .toArray();
    if (row === undefined) return null;
    return row.fingerprint === fingerprint ? row.answer : 'reused';
  }

  keep({ key, fingerprint }: IdempotencyKey, answer: string, nowMs: number): void {
    this.#sql.exec('DELETE FROM answers WHERE at_ms <= ?', nowMs - revisionLimits.answerAgeMs);
    this.#sql.exec(
      'INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)',
      key,
      fingerprint,
      nowMs,
      answer,
    );
  }
}
