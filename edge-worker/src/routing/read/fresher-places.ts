/**
 * What the Durable Object has told since the manifest in hand was written: per call keys, the shards of a newer revision. So a change costs
 * one question per number, caller and isolate until KV has caught up, however many calls come.
 */
import type { KnownPlaces, LookupKeys } from './known-places.ts';

/** Keys remembered; the oldest go first. */
const rememberedMax = 2_000;
/** KV is rarely further behind, ms; after that the table is asked again. */
const rememberedMs = 90_000;

export class FresherPlaces {
  readonly #known = new Map<string, { readonly places: KnownPlaces; readonly untilMs: number }>();

  add(keys: LookupKeys, places: KnownPlaces, nowMs: number): void {
    const name = nameOf(keys);
    this.#known.delete(name);
    this.#known.set(name, { places, untilMs: nowMs + rememberedMs });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= rememberedMax) break;
      this.#known.delete(oldest);
    }
  }

  /** The newer of what the manifest says and what the table has told; null: neither says anything. */
  over(published: KnownPlaces | null, keys: LookupKeys, nowMs: number): KnownPlaces | null {
    const told = this.#known.get(nameOf(keys));
    if (told === undefined) return published;
    const isOvertaken = published !== null && published.revision >= told.places.revision;
    if (!isOvertaken && nowMs < told.untilMs) return told.places;
    this.#known.delete(nameOf(keys));
    return published;
  }
}

function nameOf({ number, caller, pin }: LookupKeys): string {
  return JSON.stringify([number, caller, pin]);
}
