/**
 * Where things lie: called numbers and PINs are spread over buckets by hash, so that each shard stays small however many numbers there are. A
 * bucket is the leading bits of the hash: doubling their count splits each bucket in two.
 */

/** Mean of keys in a bucket above which buckets are split, and below which they are joined. Between lies room, so that they do not flap. */
const keysPerBucketMax = 256;
const keysPerBucketMin = 48;
/** 65,536 buckets: 16 million numbers. */
const bitsMax = 16;

/** 32-bit hash of a text's UTF-16 units: FNV-1a, then mixed so that the leading bits depend on every unit. Not for secrets. */
export function keyHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Bucket of a hash among 2^bits. */
export function bucketOf(hash: number, bits: number): number {
  return bits === 0 ? 0 : hash >>> (32 - bits);
}

/** The hashes of a bucket: from `first` to `last`, both included. */
export function hashRange(bucket: number, bits: number): { first: number; last: number } {
  const width = 2 ** (32 - bits);
  return { first: bucket * width, last: (bucket + 1) * width - 1 };
}

/** How many bits fit this many keys, starting from those in use. */
export function bitsFor(keys: number, bits: number): number {
  let fitting = bits;
  while (keys > keysPerBucketMax * 2 ** fitting && fitting < bitsMax) fitting += 1;
  while (keys < keysPerBucketMin * 2 ** fitting && fitting > 0) fitting -= 1;
  return fitting;
}
