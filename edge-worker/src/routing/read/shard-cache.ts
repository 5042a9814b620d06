/**
 * What an isolate holds of the published routing: the texts of shards, and the parts of called keys, compiled. Each has a bound of its own: an isolate that
 * has met every number of its shards would otherwise hold all of them compiled, forty times the size of their texts.
 */
import { publishLimits } from '@callgate/shared/limits.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { OpenShard, type RoutingPart, type ShardKeying } from '../shards/shard.ts';

/** A shard as it is held; `hash` names it. */
export interface HeldShard {
  readonly hash: string;
  readonly shard: OpenShard;
}

export class ShardCache {
  readonly #shards = new BoundedCache<HeldShard>(publishLimits.shardCacheBytesMax);
  readonly #parts = new BoundedCache<RoutingPart>(publishLimits.partCacheBytesMax);

  get(hash: string): HeldShard | undefined {
    return this.#shards.get(hash);
  }

  /** Opens a shard and keeps it. */
  add(
    hash: string,
    text: string,
    options: { allowTrunklessCalls: boolean; keying: ShardKeying },
  ): HeldShard {
    const held = { hash, shard: new OpenShard(text, options) };
    this.#shards.set(hash, held, held.shard.bytes);
    return held;
  }

  /** The objects of a key in a shard, compiled; null: there are none. */
  part({ hash, shard }: HeldShard, key: string): RoutingPart | null {
    // Hashes are all of one length, so no two pairs have one name.
    const name = hash + key;
    const known = this.#parts.get(name);
    if (known !== undefined) return known;
    const opened = shard.part(key);
    if (opened === null) return null;
    this.#parts.set(name, opened.part, opened.bytes);
    return opened.part;
  }

  /** About how much is held, bytes. */
  get bytes(): { readonly shards: number; readonly parts: number } {
    return { shards: this.#shards.bytes, parts: this.#parts.bytes };
  }
}
