/** Builds the shards of places from the rows, and keeps the last few: what a Worker asks for is often what is published next. */
import { publishLimits } from '@callgate/shared/limits.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { encodeShard, type ShardKeying, shardHash, textBytes } from '../shards/shard.ts';
import type { DirtyPlaces } from './dirty-places.ts';
import { type Place, type PlaceIndex, placeOfText } from './place-index.ts';

export interface BuiltShard {
  /** '' : the place holds nothing, and there is no shard. */
  readonly hash: string;
  readonly text: string;
}

export class ShardBuilder {
  readonly #index: PlaceIndex;
  readonly #dirty: DirtyPlaces;
  readonly #kept = new BoundedCache<BuiltShard>(publishLimits.builtShardBytesMax);

  constructor(index: PlaceIndex, dirty: DirtyPlaces) {
    this.#index = index;
    this.#dirty = dirty;
  }

  /** The shard of a place as the table is now. */
  build(placeName: string): BuiltShard {
    const kept = this.#kept.get(placeName);
    if (kept !== undefined) return kept;
    const place = placeOfText(placeName);
    const groups = this.#index.groupsOf(place, this.#dirty.bits());
    const text = groups.size === 0 ? '' : encodeShard(groups, keyingOf(place.kind));
    const built = { hash: text === '' ? '' : shardHash(text), text };
    this.#kept.set(placeName, built, textBytes(text));
    return built;
  }

  /** Any change may have touched any place: what is kept is of the table before it. */
  forget(): void {
    this.#kept.clear();
    this.#index.forget();
  }

  /** After many places were built: what the next few would be built from is not worth its memory. */
  rest(): void {
    this.#index.forget();
  }

  /** About how much is kept, bytes. */
  get bytes(): number {
    return this.#kept.bytes;
  }
}

/** What the shards of a kind of place are keyed by. */
export function keyingOf(kind: Place['kind']): ShardKeying {
  return kind === 'number' || kind === 'caller' ? kind : 'none';
}
