/**
 * What the Durable Object has told since the manifest in hand was written: per called number, the shards of a newer revision. So a change costs
 * one question per number and isolate until KV has caught up, however many calls come.
 */
import type { TableAnswer } from '../table/table-question.ts';

export interface KnownPlaces {
  readonly revision: number;
  readonly common: string;
  readonly number: string;
  readonly pin: string;
}

/** Numbers remembered; the oldest go first. */
const rememberedMax = 2_000;
/** KV is rarely further behind, ms; after that the table is asked again. */
const rememberedMs = 90_000;

export class FresherPlaces {
  readonly #known = new Map<string, KnownPlaces & { readonly untilMs: number }>();

  add(answer: TableAnswer, number: string, pin: string | null, nowMs: number): void {
    const hashOf = (kind: string) =>
      answer.places.find(({ place }) => place.startsWith(kind))?.hash ?? '';
    this.#known.delete(keyOf(number, pin));
    this.#known.set(keyOf(number, pin), {
      revision: answer.revision,
      common: hashOf('common'),
      number: hashOf('number/'),
      pin: hashOf('pin/'),
      untilMs: nowMs + rememberedMs,
    });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= rememberedMax) break;
      this.#known.delete(oldest);
    }
  }

  /** The newer of what the manifest says and what the table has told; null: neither says anything. */
  over(
    published: KnownPlaces | null,
    number: string,
    pin: string | null,
    nowMs: number,
  ): KnownPlaces | null {
    const told = this.#known.get(keyOf(number, pin));
    if (told === undefined) return published;
    const isOvertaken = published !== null && published.revision >= told.revision;
    if (!isOvertaken && nowMs < told.untilMs) return told;
    this.#known.delete(keyOf(number, pin));
    return published;
  }
}

function keyOf(number: string, pin: string | null): string {
  return pin === null ? number : `${number}\0${pin}`;
}
