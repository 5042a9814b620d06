/**
 * Arithmetic on numbers that wrap: RTP sequence numbers (16 bit) and timestamps (32 bit). Pure. RFC 1982 §3 in the form that RFC 3550
 * appendix A uses: of two numbers the newer is the one less than half the circle ahead.
 */

/** How far `later` is ahead of `earlier`, -32768 to 32767. */
export function sequenceDistance(earlier: number, later: number): number {
  return ((later - earlier) << 16) >> 16;
}

/** How far `later` is ahead of `earlier` in ticks, -2^31 to 2^31 - 1. */
export function timestampDistance(earlier: number, later: number): number {
  return (later - earlier) | 0;
}

/** Gives wrapping sequence numbers a growing index, so that they can be compared and counted. */
export class SequenceUnwrapper {
  #last: number | null = null;

  /** The index of `sequence`: the first is itself, a later one is greater, one that comes late is smaller. */
  unwrap(sequence: number): number {
    const index =
      this.#last === null ? sequence : this.#last + sequenceDistance(this.#last & 0xffff, sequence);
    // A late packet must not drag the reference back: the next wrap would be counted twice.
    if (this.#last === null || index > this.#last) this.#last = index;
    return index;
  }
}
