/** The shards of the parts that one call needs, as one source (the manifest, or the Durable Object) names them. */

import { bucketOf, keyHash } from '../shards/bucket.ts';
import type { Manifest } from '../shards/manifest.ts';
import { bitsOf } from '../shards/manifest.ts';
import type { RoutingView } from '../shards/routing-view.ts';
import type { ShardKeying } from '../shards/shard.ts';
import type { TableAnswer } from '../table/table-question.ts';

/** What shards are found by: normalised called number and caller, and the PIN that was keyed in. */
export interface LookupKeys {
  readonly number: string;
  readonly caller: string;
  readonly pin: string | null;
}

export type PartName = Exclude<keyof RoutingView, 'revision'>;

/** Hashes of shards, '' for a part that holds nothing. */
export interface KnownPlaces extends Readonly<Record<PartName, string>> {
  readonly revision: number;
}

export const partNames: readonly PartName[] = ['number', 'caller', 'common', 'pin'];

/** What the shards of a part are keyed by. */
export const partKeying: Readonly<Record<PartName, ShardKeying>> = {
  number: 'number',
  caller: 'caller',
  common: 'none',
  pin: 'none',
};

/** The group of a part that the call is looked up in. */
export function groupKey(part: PartName, keys: LookupKeys): string {
  switch (part) {
    case 'number':
      return keys.number;
    case 'caller':
      return keys.caller;
    case 'common':
      return '';
    case 'pin':
      return keys.pin ?? '';
    default:
      return part satisfies never;
  }
}

export function placesInManifest(manifest: Manifest, keys: LookupKeys): KnownPlaces {
  const shard = (buckets: readonly string[], key: string) =>
    buckets[bucketOf(keyHash(key), bitsOf(buckets))] ?? '';
  return {
    revision: manifest.revision,
    number: shard(manifest.numbers, keys.number),
    caller: shard(manifest.callers, keys.caller),
    common: manifest.common,
    pin: keys.pin === null ? '' : shard(manifest.pins, keys.pin),
  };
}

export function placesInAnswer(answer: TableAnswer): KnownPlaces {
  const shard = (part: PartName) =>
    answer.places.find(({ place }) => partOfPlace(place) === part)?.hash ?? '';
  return {
    revision: answer.revision,
    number: shard('number'),
    caller: shard('caller'),
    common: shard('common'),
    pin: shard('pin'),
  };
}

/** `number/17` lies in the part `number`. */
export function partOfPlace(place: string): PartName | undefined {
  return partNames.find((part) => place === part || place.startsWith(`${part}/`));
}
