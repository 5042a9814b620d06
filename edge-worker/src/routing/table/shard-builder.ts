/** Builds the shards of places from the rows, and keeps the last few: what a Worker asks for is often what is published next. */
import { encodeShard, type ShardKeying, shardHash } from '../shards/shard.ts';
import type { DirtyPlaces } from './dirty-places.ts';
import { type Place, type PlaceIndex, placeOfText } from './place-index.ts';

export interface BuiltShard {
  /** '' : the place holds nothing, and there is no shard. */
  readonly hash: string;
  readonly text: string;
}

/** Texts kept, characters. */
const keptCharactersMax = 8_000_000;

export class ShardBuilder {
  readonly #index: PlaceIndex;
  readonly #dirty: DirtyPlaces;
  readonly #kept = new Map<string, BuiltShard>();
  #keptCharacters = 0;

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
    this.#kept.set(placeName, built);
    this.#keptCharacters += text.length;
    while (this.#keptCharacters > keptCharactersMax && this.#kept.size > 1) this.#forgetOldest();
    return built;
  }

  /** Any change may have touched any place: what is kept is of the table before it. */
  forget(): void {
    this.#kept.clear();
    this.#keptCharacters = 0;
    this.#index.forget();
  }

  #forgetOldest(): void {
    for (const [place, { text }] of this.#kept) {
      this.#kept.delete(place);
      this.#keptCharacters -= text.length;
      return;
    }
  }
}

/** What the shards of a kind of place are keyed by. */
export function keyingOf(kind: Place['kind']): ShardKeying {
  return kind === 'number' || kind === 'caller' ? kind : 'none';
}
