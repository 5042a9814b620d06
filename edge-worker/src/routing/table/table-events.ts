/** The events that the routing table tells: a revision is published, a node comes, goes or drains. Each once, by the outbox of the object. */
import type { JsonObject } from '@bufbuild/protobuf';
import { type EventType, makeEvent } from '../../events/event.ts';
import { Outbox, type OutboxParts } from '../../events/outbox.ts';

/** Events of a node that say nothing but its name. */
export type NodeEventType = Exclude<Extract<EventType, `node.${string}`>, 'node.lost'>;

export interface PublishedRevision {
  readonly number: number;
  readonly author: string;
  readonly source: string;
  readonly changes: number;
}

export class TableEvents {
  readonly #parts: OutboxParts;
  readonly #outbox: Outbox;
  readonly #wakeLater: () => Promise<void>;

  /** @param wakeLater has `flush` called again: the queue is away */
  constructor(parts: OutboxParts, wakeLater: () => Promise<void>) {
    this.#parts = parts;
    this.#wakeLater = wakeLater;
    this.#outbox = new Outbox(parts);
  }

  /** Tells of a published revision that has not been told. Revisions that were published together with it are told by it. */
  async published(revision: PublishedRevision | null, atMs: number): Promise<void> {
    const { sql } = this.#parts;
    const [told] = sql
      .exec<{ value: number }>(`SELECT value FROM meta WHERE name = 'told-revision'`)
      .toArray();
    if (revision === null || revision.number <= (told?.value ?? 0)) return;
    const { number, ...rest } = revision;
    await this.#tell('routing.published', String(number), atMs, { revision: number, ...rest });
    sql.exec(`INSERT OR REPLACE INTO meta VALUES ('told-revision', ?)`, number);
  }

  async node(type: NodeEventType, node: string, atMs: number): Promise<void> {
    await this.#tell(type, `${node}-${atMs}`, atMs, { node });
  }

  /** @param calls that were up, and are closed now */
  async nodeLost(node: string, calls: number, atMs: number): Promise<void> {
    await this.#tell('node.lost', `${node}-${atMs}`, atMs, { node, calls });
  }

  /** Hands what waits to the queue. Never throws. */
  async flush(): Promise<void> {
    if (!(await this.#outbox.flush())) await this.#wakeLater();
  }

  async #tell(type: EventType, key: string, atMs: number, data: JsonObject): Promise<void> {
    if (!(await this.#outbox.isHeard())) return;
    this.#outbox.add([makeEvent(type, key, atMs, data)]);
    await this.flush();
  }
}
