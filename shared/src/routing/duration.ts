/**
 * Durations of the API (google.protobuf.Duration: seconds and nanoseconds) in ms. Parts of a millisecond
 * are cut off; a duration that is not set stays apart from one of 0.
 */
import type { Duration } from '@bufbuild/protobuf';

/** @returns ms, negative for negative durations; null when the field is not set */
export function durationMs(duration: Duration | undefined): number | null {
  if (duration === undefined) return null;
  return Number(duration.seconds) * 1_000 + Math.trunc(duration.nanos / 1_000_000);
}
