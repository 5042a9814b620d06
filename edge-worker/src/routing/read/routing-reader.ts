/**
 * Routing for the call path: the view of one call. The order of asking: isolate memory while the manifest is fresh, then KV (manifest, then the
 * shards of the call in one read), and the Durable Object only when the caller has proof of something newer (`minRevision`) or is
 * about to be refused for want of an entry. KV away: the last good manifest serves for routingCacheLimits.lastGoodMs. Requests share
 * what is held, never a promise: one that waits must not hang on another's connection.
 */
import { routingCacheLimits } from '@callgate/shared/limits.ts';
import { normalizeNumber } from '@callgate/shared/routing/normalize-number.ts';
import type { Clock } from '../../clock.ts';
import { allowsTrunklessCalls, ConfigError, type Env } from '../../env.ts';
import { Problem } from '../../http/problem.ts';
import { logLine } from '../../log.ts';
import { type Manifest, manifestKey, shardKey } from '../shards/manifest.ts';
import { emptyPart, type RoutingView } from '../shards/routing-view.ts';
import type { RoutingPart } from '../shards/shard.ts';
import { routingTableOf } from '../table/routing-table.ts';
import { FresherPlaces } from './fresher-places.ts';
import {
  groupKey,
  type KnownPlaces,
  type LookupKeys,
  type PartName,
  partKeying,
  partNames,
  partOfPlace,
  placesInAnswer,
  placesInManifest,
} from './known-places.ts';
import { type HeldShard, ShardCache } from './shard-cache.ts';
import { within } from './within.ts';

/** What of a call chooses the shards. */
export interface ViewKey {
  /** Called number and caller as the caller wrote them. */
  readonly number: string;
  readonly caller: string;
  /** The PIN that was keyed in; null: none yet. */
  readonly pin: string | null;
}

/** What a view has cost. */
export interface ReadCost {
  /** Operations on KV: none when the isolate holds all, two when it holds nothing. */
  kvReads: number;
  /** Questions to the Durable Object. */
  tableQuestions: number;
}

export interface ReadView extends RoutingView {
  readonly cost: Readonly<ReadCost>;
}

/** One look-up: where it asks, for what, and what that has cost so far. */
interface Lookup {
  readonly env: Env;
  readonly keys: LookupKeys;
  readonly cost: ReadCost;
}

export class RoutingReader {
  readonly #clock: Clock;
  readonly #cache = new ShardCache();
  readonly #fresher = new FresherPlaces();
  #manifest: Manifest | null = null;
  #manifestText = '';
  /** When KV last said that this is the manifest, ms since epoch. */
  #confirmedAtMs = 0;
  /** KV has just failed: until then it is not asked, so that calls do not wait for it one after the other. */
  #kvRestsUntilMs = 0;
  /** Questions about entries not found: how many in the second that began at `sinceMs`. */
  #doubts = { sinceMs: 0, asked: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The view of a call, of at least `minRevision`. @throws Problem `routing-unavailable`, ConfigError */
  async view(env: Env, key: ViewKey, minRevision: number): Promise<ReadView> {
    const lookup = lookupOf(env, key);
    const { keys } = lookup;
    const manifest = await this.#manifestOf(lookup);
    const published = manifest === null ? null : placesInManifest(manifest, keys);
    const places = this.#fresher.over(published, keys, this.#clock.now());
    if (places !== null && places.revision >= minRevision) {
      const view = await this.#open(lookup, places);
      if (view !== null) return view;
    }
    const asked = await this.#ask(lookup, -1);
    if (asked !== null) return asked;
    // The table is away too: what is held is better than nothing, and its age is bounded by lastGoodMs.
    const view = places === null ? null : await this.#open(lookup, places);
    if (view !== null) return view;
    throw new Problem('routing-unavailable', 'the published routing cannot be read');
  }

  /**
   * For a call that is about to be refused under `revision`: the newer view of the Durable Object, or null when there is none. Strangers can make us ask, so
   * an isolate asks routingCacheLimits.doubtsPerSecond times at most; the next published revision is seen without asking anyway.
   */
  async newerThan(env: Env, key: ViewKey, revision: number): Promise<ReadView | null> {
    const nowMs = this.#clock.now();
    if (nowMs - this.#doubts.sinceMs >= 1_000) this.#doubts = { sinceMs: nowMs, asked: 0 };
    if (this.#doubts.asked >= routingCacheLimits.doubtsPerSecond) return null;
    this.#doubts.asked += 1;
    return this.#ask(lookupOf(env, key), revision);
  }

  /** The manifest, from memory while it is fresh, else from KV; null: there is none that may be used. */
  async #manifestOf({ env, cost }: Lookup): Promise<Manifest | null> {
    const nowMs = this.#clock.now();
    const ageMs = nowMs - this.#confirmedAtMs;
    if (this.#manifest !== null && ageMs < routingCacheLimits.freshMs) return this.#manifest;
    let text: string | null;
    try {
      text = await this.#fromKv(cost, () =>
        env.ROUTING.get(manifestKey, { type: 'text', cacheTtl: routingCacheLimits.kvCacheTtlS }),
      );
    } catch {
      // Told by #fromKv.
      return ageMs < routingCacheLimits.lastGoodMs ? this.#manifest : null;
    }
    // KV caches misses too: nothing there may only mean that nothing was there a minute ago.
    if (text !== null && text !== this.#manifestText) {
      const read = JSON.parse(text) as Manifest;
      this.#manifestText = text;
      // What is held never goes back: KV may be behind.
      if (read.revision >= (this.#manifest?.revision ?? 0)) this.#manifest = read;
    }
    this.#confirmedAtMs = nowMs;
    return this.#manifest;
  }

  /** null: a shard is neither here nor in KV, or KV is away. */
  async #open(lookup: Lookup, places: KnownPlaces): Promise<ReadView | null> {
    const { env, keys, cost } = lookup;
    const allowTrunkless = allowsTrunklessCalls(env);
    // Held here too until the call has its parts: keeping one shard may push another out of the cache.
    const held = new Map<string, HeldShard>();
    const missing = partNames.filter((part) => {
      const known = places[part] === '' ? null : this.#cache.get(places[part]);
      if (known) held.set(places[part], known);
      return known === undefined;
    });
    if (missing.length > 0) {
      const texts = await this.#fetch(lookup, [...new Set(missing.map((part) => places[part]))]);
      if (texts === null) return null;
      for (const part of missing) {
        const hash = places[part];
        held.set(hash, this.#keep(part, hash, texts.get(hash) ?? '', allowTrunkless));
      }
    }
    const open = (part: PartName): RoutingPart => {
      const shard = held.get(places[part]);
      const found = shard === undefined ? null : this.#cache.part(shard, groupKey(part, keys));
      return found ?? emptyParts[allowTrunkless ? 'open' : 'closed'];
    };
    return {
      revision: places.revision,
      number: open('number'),
      caller: open('caller'),
      common: open('common'),
      pin: open('pin'),
      cost,
    };
  }

  /** The texts of shards in one KV operation; null: one is missing, or KV is away. */
  async #fetch(
    { env, cost }: Lookup,
    hashes: readonly string[],
  ): Promise<Map<string, string> | null> {
    try {
      const texts = await this.#fromKv(cost, () =>
        env.ROUTING.get(hashes.map(shardKey), {
          type: 'text',
          cacheTtl: routingCacheLimits.shardCacheTtlS,
        }),
      );
      const found = new Map<string, string>();
      for (const hash of hashes) {
        const text = texts.get(shardKey(hash));
        if (typeof text !== 'string') return null;
        found.set(hash, text);
      }
      return found;
    } catch {
      // Told by #fromKv.
      return null;
    }
  }

  /** One operation on KV, for routingCacheLimits.kvPatienceMs at most. @throws Error when KV is away, or has just been */
  async #fromKv<T>(cost: ReadCost, read: () => Promise<T>): Promise<T> {
    if (this.#clock.now() < this.#kvRestsUntilMs) throw new Error('KV has just failed');
    cost.kvReads += 1;
    try {
      return await within(read(), routingCacheLimits.kvPatienceMs);
    } catch (error) {
      this.#kvRestsUntilMs = this.#clock.now() + routingCacheLimits.freshMs;
      logLine('error', 'routing-kv-away', { message: String(error) });
      throw error;
    }
  }

  /** Asks the Durable Object for what is newer than `revision`; null: nothing, or it cannot be asked. */
  async #ask(lookup: Lookup, revision: number): Promise<ReadView | null> {
    const { env, keys, cost } = lookup;
    const table = routingTableOf(env);
    cost.tableQuestions += 1;
    try {
      const answer = await table.ask({ ...keys, revision });
      if (answer === null) return null;
      const allowTrunkless = allowsTrunklessCalls(env);
      for (const { place, hash, text } of answer.places) {
        const part = partOfPlace(place);
        if (part !== undefined && hash !== '' && this.#cache.get(hash) === undefined)
          this.#keep(part, hash, text, allowTrunkless);
      }
      const places = placesInAnswer(answer);
      this.#fresher.add(keys, places, this.#clock.now());
      return await this.#open(lookup, places);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      logLine('error', 'routing-table-away', { message: String(error) });
      return null;
    }
  }

  #keep(part: PartName, hash: string, text: string, allowTrunklessCalls: boolean): HeldShard {
    return this.#cache.add(hash, text, { keying: partKeying[part], allowTrunklessCalls });
  }
}

const emptyParts = { open: emptyPart(true), closed: emptyPart(false) } as const;

function lookupOf(env: Env, { number, caller, pin }: ViewKey): Lookup {
  const keys = { number: normalizeNumber(number), caller: normalizeNumber(caller), pin };
  return { env, keys, cost: { kvReads: 0, tableQuestions: 0 } };
}
