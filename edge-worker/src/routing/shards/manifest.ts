/**
 * The manifest: the one mutable key of the published routing. It names the revision and the shard of every bucket; writing it is the commit,
 * and writing an old one would be the way back. What it names was in KV before it.
 */

export interface Manifest {
  readonly revision: number;
  /** When the revision was accepted, ms since epoch. */
  readonly atMs: number;
  /** Shard of wildcard trunks and of rules for any number. */
  readonly common: string;
  /** Shards by bucket of the called number: 2^n of them. '' : nothing lies there. */
  readonly numbers: readonly string[];
  /** Shards of rules for a caller and any number, by bucket of the caller. */
  readonly callers: readonly string[];
  /** Shards by bucket of the PIN. */
  readonly pins: readonly string[];
}

export const manifestKey = 'manifest';

export function shardKey(hash: string): string {
  return `shard/${hash}`;
}

/** log2 of the number of buckets. */
export function bitsOf(buckets: readonly string[]): number {
  return Math.log2(buckets.length);
}
