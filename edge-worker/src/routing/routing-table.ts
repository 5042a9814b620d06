/**
 * The routing table: store of record for trunks and rules and their only writer (Durable Object, SQLite). Every accepted change is one
 * transaction and one revision; then it is published to KV, where the call path reads it. Two writers at once come one after the
 * other, because nothing here waits between reading the table and writing it.
 */
import { DurableObject } from 'cloudflare:workers';
import { routingCacheLimits } from '@callgate/shared/limits.ts';
import { systemClock } from '../clock.ts';
import { type Env, sealingKeyOf } from '../env.ts';
import type { ProblemItem } from '../http/problem.ts';
import { handleSipRequest, type SipAnswer } from '../livekit-api/handle-request.ts';
import { logLine } from '../log.ts';
import { publishedKey } from './published-routing.ts';
import { publishedText } from './published-text.ts';
import { documentChange, documentOf, type RoutingDocument } from './routing-document.ts';
import { TableStore } from './table-store.ts';

export type ReplaceAnswer =
  | { kind: 'accepted'; revision: number }
  | { kind: 'refused'; errors: readonly ProblemItem[] };

/** The one routing table of the deployment. @throws ConfigError */
export function routingTableOf(env: Env): DurableObjectStub<RoutingTable> {
  // The object needs the key too; here a wrong one is still an error that names the variable.
  sealingKeyOf(env);
  return env.ROUTING_TABLE.getByName('default');
}

export class RoutingTable extends DurableObject<Env> {
  clock = systemClock;
  readonly #store: TableStore;
  #lastPublishMs = 0;
  #isPublishing = false;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#store = new TableStore(state.storage.sql, sealingKeyOf(env));
  }

  /** One request of livekit.SIP. `request` and the answer's `response` are protobuf. */
  async sip(rpc: string, request: Uint8Array, author: string): Promise<SipAnswer> {
    const { answer, change } = this.ctx.storage.transactionSync(() => {
      const handled = handleSipRequest(this.#store.all(), rpc, request);
      if (handled.change !== null) this.#store.write(handled.change, author, rpc, this.clock.now());
      return handled;
    });
    if (change !== null) await this.#publishSoon();
    return answer;
  }

  /** Replaces the whole table by a document; a document that changes nothing makes no revision. */
  async replace(document: RoutingDocument, author: string): Promise<ReplaceAnswer> {
    const handled = this.ctx.storage.transactionSync(() => {
      const change = documentChange(this.#store.all(), document);
      if (change.kind === 'changed')
        this.#store.write(change.change, author, 'PUT /v1/routing', this.clock.now());
      return change;
    });
    if (handled.kind === 'refused') return handled;
    const revision = this.#store.revision();
    if (handled.kind === 'changed') await this.#publishSoon();
    return { kind: 'accepted', revision };
  }

  /** The whole table as proto JSON text with its revision, passwords included. */
  async document(): Promise<{ revision: number; document: RoutingDocument }> {
    return { revision: this.#store.revision(), document: documentOf(this.#store.all()) };
  }

  /** The published form as JSON text, when it is newer than `revision`; else null. */
  async publishedSince(revision: number): Promise<string | null> {
    if (this.#store.revision() <= revision) return null;
    return publishedText(this.#store.revision(), this.#store.all());
  }

  override async alarm(): Promise<void> {
    if (this.#isPublishing) await this.#retryLater();
    else await this.#publish();
  }

  /** Publishes now, or with the alarm when KV's one write a second for a key is used up. The alarm also finishes what a crash leaves. */
  async #publishSoon(): Promise<void> {
    await this.#retryLater();
    const sinceMs = this.clock.now() - this.#lastPublishMs;
    if (!this.#isPublishing && sinceMs >= routingCacheLimits.publishIntervalMs)
      await this.#publish();
  }

  async #publish(): Promise<void> {
    this.#isPublishing = true;
    const revision = this.#store.revision();
    try {
      await this.env.ROUTING.put(publishedKey, publishedText(revision, this.#store.all()));
      this.#lastPublishMs = this.clock.now();
      if (this.#store.revision() === revision) await this.ctx.storage.deleteAlarm();
      else await this.#retryLater();
    } catch (error) {
      logLine('error', 'publish-failed', { revision, message: String(error) });
      await this.#retryLater();
    } finally {
      this.#isPublishing = false;
    }
  }

  #retryLater(): Promise<void> {
    return this.ctx.storage.setAlarm(this.clock.now() + routingCacheLimits.publishIntervalMs);
  }
}
