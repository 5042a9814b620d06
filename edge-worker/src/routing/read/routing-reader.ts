/**
 * Routing for the call path: the view of one called number. The order of asking: isolate memory while the manifest is fresh, then KV (manifest, then the
 * shards of the number in one read), and the Durable Object only when the caller has proof of something newer (`minRevision`) or is
 * about to be refused for want of an entry. KV away: the last good manifest serves for routingCacheLimits.lastGoodMs. Requests share
 * what is held, never a promise: one that waits must not hang on another's connection.
 */
import { routingCacheLimits } from '@callgate/shared/limits.ts';
import { normalizeNumber } from '@callgate/shared/routing/normalize-number.ts';
import type { Clock } from '../../clock.ts';
import { allowsTrunklessCalls, ConfigError, type Env } from '../../env.ts';
import { Problem } from '../../http/problem.ts';
import { logLine } from '../../log.ts';
import { bucketOf, keyHash } from '../shards/bucket.ts';
import { bitsOf, type Manifest, manifestKey, shardKey } from '../shards/manifest.ts';
import { emptyPart, type RoutingView } from '../shards/routing-view.ts';
import type { RoutingPart } from '../shards/shard.ts';
import { routingTableOf } from '../table/routing-table.ts';
import type { TableAnswer } from '../table/table-question.ts';
import { FresherPlaces } from './fresher-places.ts';
import { ShardCache } from './shard-cache.ts';

/** What of a call chooses the shards. */
export interface ViewKey {
  /** Called number as the caller wrote it. */
  readonly number: string;
  /** The PIN that was keyed in; null: none yet. */
  readonly pin: string | null;
}

/** Where the parts of a view lie, and in which shards. */
interface Places {
  readonly revision: number;
  readonly common: string;
  readonly number: string;
  readonly pin: string;
}

export class RoutingReader {
  readonly #clock: Clock;
  readonly #cache = new ShardCache();
  readonly #fresher = new FresherPlaces();
  #manifest: Manifest | null = null;
  #manifestText = '';
  /** When KV last said that this is the manifest, ms since epoch. */
  #confirmedAtMs = 0;
  /** Questions about entries not found: how many in the second that began at `sinceMs`. */
  #doubts = { sinceMs: 0, asked: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The view of a call, of at least `minRevision`. @throws Problem `routing-unavailable`, ConfigError */
  async view(env: Env, key: ViewKey, minRevision: number): Promise<RoutingView> {
    const manifest = await this.#manifestOf(env);
    const published = manifest === null ? null : placesIn(manifest, key);
    const number = normalizeNumber(key.number);
    const places = this.#fresher.over(published, number, key.pin, this.#clock.now());
    if (places !== null && places.revision >= minRevision) {
      const view = await this.#open(env, places, key);
      if (view !== null) return view;
    }
    const asked = await this.#ask(env, key, -1);
    if (asked !== null) return asked;
    // The table is away too: what is held is better than nothing, and its age is bounded by lastGoodMs.
    const view = places === null ? null : await this.#open(env, places, key);
    if (view !== null) return view;
    throw new Problem('routing-unavailable', 'the published routing cannot be read');
  }

  /**
   * For a call that is about to be refused under `view`: the newer view of the Durable Object, or null when there is none. Strangers can make us ask, so
   * an isolate asks routingCacheLimits.doubtsPerSecond times at most; the next published revision is seen without asking anyway.
   */
  async newerThan(env: Env, key: ViewKey, revision: number): Promise<RoutingView | null> {
    const nowMs = this.#clock.now();
    if (nowMs - this.#doubts.sinceMs >= 1_000) this.#doubts = { sinceMs: nowMs, asked: 0 };
    if (this.#doubts.asked >= routingCacheLimits.doubtsPerSecond) return null;
    this.#doubts.asked += 1;
    return this.#ask(env, key, revision);
  }

  /** The newest revision known here: for hello. @throws Problem `routing-unavailable` */
  async revision(env: Env): Promise<number> {
    return (await routingTableOf(env).status()).revision;
  }

  /** The manifest, from memory while it is fresh, else from KV; null: there is none that may be used. */
  async #manifestOf(env: Env): Promise<Manifest | null> {
    const nowMs = this.#clock.now();
    const ageMs = nowMs - this.#confirmedAtMs;
    if (this.#manifest !== null && ageMs < routingCacheLimits.freshMs) return this.#manifest;
    let text: string | null;
    try {
      text = await env.ROUTING.get(manifestKey, {
        type: 'text',
        cacheTtl: routingCacheLimits.kvCacheTtlS,
      });
    } catch (error) {
      logLine('error', 'routing-kv-away', { message: String(error) });
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
  async #open(env: Env, places: Places, key: ViewKey): Promise<RoutingView | null> {
    const allowTrunkless = allowsTrunklessCalls(env);
    const hashes = [places.common, places.number, ...(key.pin === null ? [] : [places.pin])];
    const missing = [...new Set(hashes)].filter(
      (hash) => hash !== '' && this.#cache.get(hash) === undefined,
    );
    if (missing.length > 0) {
      const texts = await this.#fetch(env, missing);
      if (texts === null) return null;
      for (const [hash, text] of texts)
        this.#keep(hash, text, hash === places.number, allowTrunkless);
    }
    const part = (hash: string, groupKey: string): RoutingPart =>
      this.#cache.get(hash)?.part(groupKey) ?? emptyParts[allowTrunkless ? 'open' : 'closed'];
    return {
      revision: places.revision,
      common: part(places.common, ''),
      number: part(places.number, normalizeNumber(key.number)),
      pin: key.pin === null ? emptyParts.closed : part(places.pin, key.pin),
    };
  }

  /** The texts of shards in one KV operation; null: one is missing, or KV is away. */
  async #fetch(env: Env, hashes: readonly string[]): Promise<Map<string, string> | null> {
    try {
      const texts = await env.ROUTING.get(hashes.map(shardKey), {
        type: 'text',
        cacheTtl: routingCacheLimits.shardCacheTtlS,
      });
      const found = new Map<string, string>();
      for (const hash of hashes) {
        const text = texts.get(shardKey(hash));
        if (typeof text !== 'string') return null;
        found.set(hash, text);
      }
      return found;
    } catch (error) {
      logLine('error', 'routing-kv-away', { message: String(error) });
      return null;
    }
  }

  async #ask(env: Env, key: ViewKey, revision: number): Promise<RoutingView | null> {
    const table = routingTableOf(env);
    const number = normalizeNumber(key.number);
    try {
      const answer = await table.ask({ revision, number, pin: key.pin, known: [] });
      return answer === null ? null : await this.#take(env, key, answer);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      logLine('error', 'routing-table-away', { message: String(error) });
      return null;
    }
  }

  async #take(env: Env, key: ViewKey, answer: TableAnswer): Promise<RoutingView | null> {
    const allowTrunkless = allowsTrunklessCalls(env);
    for (const { place, hash, text } of answer.places)
      if (hash !== '' && text !== null && this.#cache.get(hash) === undefined)
        this.#keep(hash, text, place.startsWith('number/'), allowTrunkless);
    this.#fresher.add(answer, normalizeNumber(key.number), key.pin, this.#clock.now());
    const hashOf = (kind: string) =>
      answer.places.find(({ place }) => place.startsWith(kind))?.hash ?? '';
    return this.#open(
      env,
      {
        revision: answer.revision,
        common: hashOf('common'),
        number: hashOf('number/'),
        pin: hashOf('pin/'),
      },
      key,
    );
  }

  #keep(hash: string, text: string, keyedByNumber: boolean, allowTrunklessCalls: boolean): void {
    this.#cache.add(hash, text, { keyedByNumber, allowTrunklessCalls });
  }
}

const emptyParts = { open: emptyPart(true), closed: emptyPart(false) } as const;

function placesIn(manifest: Manifest, { number, pin }: ViewKey): Places {
  const bucket = (buckets: readonly string[], key: string) =>
    buckets[bucketOf(keyHash(key), bitsOf(buckets))] ?? '';
  return {
    revision: manifest.revision,
    common: manifest.common,
    number: bucket(manifest.numbers, normalizeNumber(number)),
    pin: pin === null ? '' : bucket(manifest.pins, pin),
  };
}
