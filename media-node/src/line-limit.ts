/** At most one line in the log per source and second, and for so many sources at a time; what is left out is counted. */
import type { Clock } from './clock.ts';

/** One line per source within this, ms. */
const quietMs = 1_000;

/** Sources remembered within `quietMs`; beyond it nothing is logged, because a flood of sources is one event, not thousands. */
const sourcesMax = 256;

export class LineLimit {
  readonly #clock: Clock;
  readonly #seen = new Set<string>();
  #windowFromMono = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks for a line. @returns how many were left out since the last one; null: this one is, too */
  take(source: string): number | null {
    const now = this.#clock.nowMono();
    if (now - this.#windowFromMono >= quietMs) {
      this.#windowFromMono = now;
      this.#seen.clear();
    }
    if (this.#seen.has(source) || this.#seen.size >= sourcesMax) {
      this.#unsaid += 1;
      return null;
    }
    this.#seen.add(source);
    const unsaid = this.#unsaid;
    this.#unsaid = 0;
    return unsaid;
  }
}
