/** What a Worker asks the table on the call path, when KV cannot answer: the parts that one call needs, as they are now. */
import { bucketOf, keyHash } from '../shards/bucket.ts';
import type { TableParts } from './change-writer.ts';
import { type Place, placeText } from './place-index.ts';
import type { ShardBuilder } from './shard-builder.ts';

export interface TableQuestion {
  /** The revision that the Worker has decided on; nothing is answered when the table has none newer. -1: none. */
  readonly revision: number;
  /** Normalised called number and caller. */
  readonly number: string;
  readonly caller: string;
  /** The PIN that was keyed in; null: none. */
  readonly pin: string | null;
}

/** One place as it is now; hash and text are '' when it holds nothing. */
export interface AnsweredPlace {
  readonly place: string;
  readonly hash: string;
  readonly text: string;
}

export interface TableAnswer {
  readonly revision: number;
  readonly places: readonly AnsweredPlace[];
}

export function answerQuestion(
  { log, dirty }: TableParts,
  builder: ShardBuilder,
  { revision, number, caller, pin }: TableQuestion,
): TableAnswer | null {
  const newest = log.newest();
  if (newest <= revision) return null;
  const bits = dirty.bits();
  const places: Place[] = [
    { kind: 'common' },
    { kind: 'number', bucket: bucketOf(keyHash(number), bits.numbers) },
    { kind: 'caller', bucket: bucketOf(keyHash(caller), bits.callers) },
  ];
  if (pin !== null) places.push({ kind: 'pin', bucket: bucketOf(keyHash(pin), bits.pins) });
  return {
    revision: newest,
    places: places.map((place) => {
      const { hash, text } = builder.build(placeText(place));
      return { place: placeText(place), hash, text };
    }),
  };
}
