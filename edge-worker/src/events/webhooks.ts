/**
 * The receivers of webhooks and the dead letters (one Durable Object): where to send, with which sealed secrets, and what nobody took. Events themselves go through the queue and
 * are never kept here while somebody may still take them.
 */
import { DurableObject } from 'cloudflare:workers';
import { webhookLimits } from '@callgate/shared/limits.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Env } from '../env.ts';
import { batched } from './batched.ts';
import type { Delivery, WebhookEvent } from './event.ts';
import type { Receiver } from './receiver.ts';

/** A delivery that failed for good. */
export interface DeadLetter {
  readonly id: number;
  readonly webhook: string;
  readonly why: string;
  readonly failed_at_ms: number;
  readonly event: WebhookEvent;
}

export type PutAnswer = 'made' | 'changed' | 'too-many' | 'no-secret';

/** The one object of receivers. */
export function webhooksOf(env: Env): DurableObjectStub<Webhooks> {
  return env.WEBHOOKS.getByName('default');
}

export class Webhooks extends DurableObject<Env> {
  clock: Clock = systemClock;
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS receivers (
      id TEXT PRIMARY KEY, url TEXT NOT NULL, types TEXT NOT NULL, secrets TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL, disabled_at_ms INTEGER) WITHOUT ROWID`);
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS dead_letters (
      id INTEGER PRIMARY KEY AUTOINCREMENT, webhook TEXT NOT NULL, event_id TEXT NOT NULL,
      why TEXT NOT NULL, failed_at_ms INTEGER NOT NULL, event TEXT NOT NULL,
      UNIQUE (webhook, event_id))`);
  }

  async receivers(): Promise<Receiver[]> {
    return this.#sql
      .exec<ReceiverRow>('SELECT * FROM receivers ORDER BY id')
      .toArray()
      .map(receiverOf);
  }

  /** Makes or changes a receiver, and serves it again. @param sealedSecrets null: those that are kept */
  async put(
    id: string,
    url: string,
    types: readonly string[],
    sealedSecrets: readonly string[] | null,
  ): Promise<PutAnswer> {
    const [known] = this.#sql
      .exec<{ secrets: string; created_at_ms: number }>(
        'SELECT secrets, created_at_ms FROM receivers WHERE id = ?',
        id,
      )
      .toArray();
    if (known === undefined && sealedSecrets === null) return 'no-secret';
    const { n } = this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM receivers').one();
    if (known === undefined && n >= webhookLimits.receiversMax) return 'too-many';
    this.#sql.exec(
      'INSERT OR REPLACE INTO receivers VALUES (?, ?, ?, ?, ?, NULL)',
      id,
      url,
      JSON.stringify(types),
      sealedSecrets === null ? (known?.secrets ?? '[]') : JSON.stringify(sealedSecrets),
      known?.created_at_ms ?? this.clock.now(),
    );
    return known === undefined ? 'made' : 'changed';
  }

  /** false: there was none. Its dead letters go, too. */
  async remove(id: string): Promise<boolean> {
    this.#sql.exec('DELETE FROM dead_letters WHERE webhook = ?', id);
    return this.#sql.exec('DELETE FROM receivers WHERE id = ?', id).rowsWritten > 0;
  }

  /** The receiver answered 410: it wants nothing more. */
  async disable(id: string): Promise<void> {
    this.#sql.exec(
      'UPDATE receivers SET disabled_at_ms = ? WHERE id = ? AND disabled_at_ms IS NULL',
      this.clock.now(),
      id,
    );
  }

  /** Keeps deliveries that failed for good, each once; beyond `countMax` the oldest go. */
  async bury(
    letters: readonly (Delivery & { readonly why: string })[],
    countMax: number = webhookLimits.deadLettersMax,
  ): Promise<void> {
    const nowMs = this.clock.now();
    for (const { webhook, event, why } of letters)
      this.#sql.exec(
        `INSERT OR IGNORE INTO dead_letters (webhook, event_id, why, failed_at_ms, event)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM receivers WHERE id = ?1)`,
        webhook,
        event.id,
        why,
        nowMs,
        JSON.stringify(event),
      );
    this.#sql.exec(
      `DELETE FROM dead_letters WHERE id IN (
         SELECT id FROM dead_letters ORDER BY id DESC LIMIT -1 OFFSET ?)`,
      countMax,
    );
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(nowMs + webhookLimits.deadLetterSweepMs);
  }

  /** Forgets dead letters that are too old: they hold numbers of callers. */
  override async alarm(): Promise<void> {
    const nowMs = this.clock.now();
    const beforeMs = nowMs - webhookLimits.deadLetterAgeMs;
    this.#sql.exec('DELETE FROM dead_letters WHERE failed_at_ms < ?', beforeMs);
    if (this.#letters(0, 1, null).length > 0)
      await this.ctx.storage.setAlarm(nowMs + webhookLimits.deadLetterSweepMs);
  }

  /** Dead letters, oldest first: DeadLetter[] as JSON text, their depth is that of the events. @param webhook null: of all receivers */
  async deadLetters(afterId: number, count: number, webhook: string | null): Promise<string> {
    return JSON.stringify(this.#letters(afterId, count, webhook));
  }

  #letters(
    afterId: number,
    count: number,
    webhook: string | null,
    of: 'all' | 'served' = 'all',
  ): DeadLetter[] {
    return this.#sql
      .exec<Omit<DeadLetter, 'event'> & { event: string }>(
        `SELECT id, webhook, why, failed_at_ms, event FROM dead_letters
         WHERE id > ?1 AND (?2 IS NULL OR webhook = ?2)
         AND (?4 = 'all' OR webhook IN (SELECT id FROM receivers WHERE disabled_at_ms IS NULL))
         ORDER BY id LIMIT ?3`,
        ...[afterId, webhook, count, of],
      )
      .toArray()
      .map((row) => ({ ...row, event: JSON.parse(row.event) as WebhookEvent }));
  }

  /**
   * Sends dead letters again and forgets them: those named, else the oldest. Those of a receiver that is disabled stay: they would only come back.
   * @returns how many
   * @throws when the queue does not take them; they stay then
   */
  async replay(ids: readonly number[] | null, webhook: string | null): Promise<number> {
    const letters =
      ids === null
        ? this.#letters(0, webhookLimits.deadLettersPageMax, webhook, 'served')
        : ids.flatMap((id) =>
            this.#letters(id - 1, 1, webhook, 'served').filter((one) => one.id === id),
          );
    for (const batch of batched(letters, webhookLimits.batchMax)) {
      await this.env.EVENTS.sendBatch(
        batch.map(({ webhook: to, event }) => ({ body: { webhook: to, event } })),
      );
      for (const { id } of batch) this.#sql.exec('DELETE FROM dead_letters WHERE id = ?', id);
    }
    return letters.length;
  }
}

type ReceiverRow = {
  id: string;
  url: string;
  types: string;
  secrets: string;
  created_at_ms: number;
  disabled_at_ms: number | null;
};

function receiverOf(row: ReceiverRow): Receiver {
  return {
    id: row.id,
    url: row.url,
    types: JSON.parse(row.types) as string[],
    sealedSecrets: JSON.parse(row.secrets) as string[],
    createdAtMs: row.created_at_ms,
    disabledAtMs: row.disabled_at_ms,
  };
}
