/**
 * Routing for the call path. The order of asking: isolate memory while it is fresh, then KV, and the Durable Object only when the caller has
 * proof of something newer (`minRevision`) or is about to be refused for want of an entry. KV away: the last good value serves for
 * routingCacheLimits.lastGoodMs. Requests share what is held, never a promise: one that waits must not hang on another's connection.
 */
import { routingCacheLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../clock.ts';
import { allowsTrunklessCalls, type Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { logLine } from '../log.ts';
import {
  type LiveRouting,
  openRouting,
  type PublishedRouting,
  publishedKey,
} from './published-routing.ts';
import { routingTableOf } from './routing-table.ts';

interface Held {
  readonly live: LiveRouting;
  /** When KV or the Durable Object last said so, ms since epoch. */
  readonly confirmedAtMs: number;
}

export class RoutingReader {
  readonly #clock: Clock;
  #held: Held | null = null;
  /** Questions about entries not found: how many in the second that began at `sinceMs`. */
  #doubts = { sinceMs: 0, asked: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Routing of at least `minRevision`, as far as the Durable Object can be asked. @throws Problem `routing-unavailable`, ConfigError */
  async current(env: Env, minRevision: number): Promise<LiveRouting> {
    const allowTrunkless = allowsTrunklessCalls(env);
    const held = this.#held;
    if (
      held !== null &&
      this.#ageMs(held) < routingCacheLimits.freshMs &&
      held.live.revision >= minRevision
    )
      return held.live;
    const live = await this.#fromKv(env, allowTrunkless);
    if (live !== null && live.revision >= minRevision) return live;
    const asked = await this.#fromTable(env, allowTrunkless);
    if (asked !== null) return asked;
    if (live !== null) return live;
    if (held !== null && this.#ageMs(held) < routingCacheLimits.lastGoodMs) return held.live;
    throw new Problem('routing-unavailable', 'the published routing cannot be read');
  }

  /**
   * For a call that found no entry in `live`: the newer routing of the Durable Object, or null when there is none. Strangers can make us ask,
   * so an isolate asks routingCacheLimits.doubtsPerSecond times at most; the next published revision is seen without asking anyway.
   */
  async newerThan(env: Env, live: LiveRouting): Promise<LiveRouting | null> {
    const nowMs = this.#clock.now();
    if (nowMs - this.#doubts.sinceMs >= 1_000) this.#doubts = { sinceMs: nowMs, asked: 0 };
    if (this.#doubts.asked >= routingCacheLimits.doubtsPerSecond) return null;
    this.#doubts.asked += 1;
    const asked = await this.#fromTable(env, allowsTrunklessCalls(env));
    return asked !== null && asked.revision > live.revision ? asked : null;
  }

  /** What KV holds, never older than what is held here; null: KV is away, or has never been written. */
  async #fromKv(env: Env, allowTrunkless: boolean): Promise<LiveRouting | null> {
    let text: string | null;
    try {
      text = await env.ROUTING.get(publishedKey, {
        type: 'text',
        cacheTtl: routingCacheLimits.kvCacheTtlS,
      });
    } catch (error) {
      logLine('error', 'routing-kv-away', { message: String(error) });
      return null;
    }
    // KV caches misses too: nothing there may only mean that nothing was there a minute ago.
    if (text === null) return null;
    return this.#keep(JSON.parse(text) as PublishedRouting, allowTrunkless);
  }

  /** What the Durable Object holds; null: it cannot be asked. */
  async #fromTable(env: Env, allowTrunkless: boolean): Promise<LiveRouting | null> {
    const table = routingTableOf(env);
    try {
      const text = await table.publishedSince(this.#held?.live.revision ?? -1);
      if (text !== null) return this.#keep(JSON.parse(text) as PublishedRouting, allowTrunkless);
      return this.#held?.live ?? null;
    } catch (error) {
      logLine('error', 'routing-table-away', { message: String(error) });
      return null;
    }
  }

  #keep(published: PublishedRouting, allowTrunkless: boolean): LiveRouting {
    const held = this.#held;
    const live =
      held !== null && published.revision <= held.live.revision
        ? held.live
        : openRouting(published, allowTrunkless);
    this.#held = { live, confirmedAtMs: this.#clock.now() };
    return live;
  }

  #ageMs(held: Held): number {
    return this.#clock.now() - held.confirmedAtMs;
  }
}
