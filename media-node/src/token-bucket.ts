/** A token bucket: so many at once, so many a second after that. Time is given to it. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #filledAt: number;

  /** @param now monotonic ms */
  constructor(burst: number, perSecond: number, now: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
    this.#filledAt = now;
  }

  /**
   * Takes one token; false when there is none.
   * @param kept tokens that this taker must leave to others
   */
  take(now: number, kept = 0): boolean {
    const gained = ((now - this.#filledAt) * this.#perSecond) / 1_000;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1 + kept) return false;
    this.#tokens -= 1;
    return true;
  }
}
