/** Shards that this isolate holds open, the least used dropped first when they take more than publishLimits.shardCacheBytesMax. */
import { publishLimits } from '@callgate/shared/limits.ts';
import { OpenShard, type ShardKeying } from '../shards/shard.ts';

export class ShardCache {
  readonly #open = new Map<string, OpenShard>();

  get(hash: string): OpenShard | undefined {
    const shard = this.#open.get(hash);
    if (shard === undefined) return undefined;
    // The order of a Map is that of insertion: what was used last stands last.
    this.#open.delete(hash);
    this.#open.set(hash, shard);
    return shard;
  }

  /** Opens a shard and keeps it. */
  add(
    hash: string,
    text: string,
    options: { allowTrunklessCalls: boolean; keying: ShardKeying },
  ): OpenShard {
    const shard = new OpenShard(text, options);
    this.#open.set(hash, shard);
    let bytes = 0;
    for (const { bytes: size } of this.#open.values()) bytes += size;
    for (const [oldest, { bytes: size }] of this.#open) {
      if (bytes <= publishLimits.shardCacheBytesMax || this.#open.size === 1) break;
      this.#open.delete(oldest);
      bytes -= size;
    }
    return shard;
  }
}
