/**
 * Events on their way from a Durable Object to the queue: written in the same transaction as what happened, sent after it, and forgotten when the queue has them. So an event is
 * neither lost when the queue is away nor told of what was never stored. Nothing is written while nobody listens.
 */
import { webhookLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../clock.ts';
import type { Env } from '../env.ts';
import { logLine } from '../log.ts';
import { batched } from './batched.ts';
import { type Delivery, type WebhookEvent, wants } from './event.ts';
import type { Receiver } from './receiver.ts';
import { webhooksOf } from './webhooks.ts';

export interface OutboxParts {
  readonly sql: SqlStorage;
  readonly env: Env;
  readonly clock: () => Clock;
}

export class Outbox {
  readonly #parts: OutboxParts;
  #receivers: { readonly list: readonly Receiver[]; readonly atMs: number } | null = null;
  #isFlushing = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    parts.sql.exec(
      'CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL)',
    );
  }

  /** Whether anybody may want events now. Ask before `add`; when it cannot be known, somebody may. */
  async isHeard(): Promise<boolean> {
    try {
      return (await this.#listeners()).length > 0;
    } catch (error) {
      logLine('warn', 'webhooks-unknown', { message: String(error) });
      return true;
    }
  }

  /** Notes events. Synchronous, so that it can stand in a transaction. */
  add(events: readonly WebhookEvent[]): void {
    const { sql } = this.#parts;
    for (const event of events)
      sql.exec('INSERT INTO outbox (event) VALUES (?)', JSON.stringify(event));
    const { rowsWritten } = sql.exec(
      'DELETE FROM outbox WHERE id <= (SELECT max(id) FROM outbox) - ?',
      webhookLimits.waitingMax,
    );
    if (rowsWritten > 0) logLine('error', 'events-lost', { events: rowsWritten });
  }

  /** Hands what is noted to the queue. false: some is left, try again. Never throws. */
  async flush(): Promise<boolean> {
    // The run that is under way reads until nothing is left, and whoever waits for it hears of its failure.
    if (this.#isFlushing) return true;
    this.#isFlushing = true;
    try {
      // Nothing may come between the last look and the end: what is noted then starts a run of its own.
      for (let rows = this.#waiting(); rows.length > 0; rows = this.#waiting())
        await this.#send(rows);
      return true;
    } catch (error) {
      logLine('warn', 'events-wait', { message: String(error) });
      return false;
    } finally {
      this.#isFlushing = false;
    }
  }

  #waiting(): NotedEvent[] {
    return this.#parts.sql
      .exec<NotedEvent>('SELECT id, event FROM outbox ORDER BY id LIMIT ?', webhookLimits.batchMax)
      .toArray();
  }

  /** @throws when the queue or the list of receivers is away */
  async #send(rows: readonly NotedEvent[]): Promise<void> {
    const { sql, env } = this.#parts;
    const receivers = await this.#listeners();
    const deliveries = rows.flatMap(({ event }) =>
      deliveriesOf(JSON.parse(event) as WebhookEvent, receivers),
    );
    for (const batch of batched(deliveries, webhookLimits.batchMax))
      await env.EVENTS.sendBatch(batch.map((body) => ({ body })));
    sql.exec('DELETE FROM outbox WHERE id <= ?', rows.at(-1)?.id ?? 0);
  }

  /** Receivers that are served, as they were webhookLimits.receiversFreshMs ago at most. */
  async #listeners(): Promise<readonly Receiver[]> {
    const nowMs = this.#parts.clock().now();
    const kept = this.#receivers;
    if (kept !== null && Math.abs(nowMs - kept.atMs) < webhookLimits.receiversFreshMs)
      return kept.list;
    const all = await webhooksOf(this.#parts.env).receivers();
    const list = all.filter(({ disabledAtMs }) => disabledAtMs === null);
    this.#receivers = { list, atMs: nowMs };
    return list;
  }
}

/** An event as it is noted; its JSON. */
type NotedEvent = { id: number; event: string };

function deliveriesOf(event: WebhookEvent, receivers: readonly Receiver[]): Delivery[] {
  return receivers
    .filter(({ types }) => wants(types, event.type))
    .map(({ id }) => ({ webhook: id, event }));
}
