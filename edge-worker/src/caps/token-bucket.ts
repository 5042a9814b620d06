/** A token bucket as a value: what is left of it, and when that was so. Pure. */

export interface Bucket {
  readonly tokens: number;
  /** ms since epoch. */
  readonly atMs: number;
}

export interface BucketSize {
  readonly perSecond: number;
  readonly burst: number;
}

/** The bucket now. A clock that goes back fills nothing; a bucket that was larger is cut down. @param before null: never used, full */
export function refill(before: Bucket | null, size: BucketSize, nowMs: number): Bucket {
  if (before === null) return { tokens: size.burst, atMs: nowMs };
  const gained = (Math.max(0, nowMs - before.atMs) / 1_000) * size.perSecond;
  return { tokens: Math.min(size.burst, before.tokens + gained), atMs: nowMs };
}
