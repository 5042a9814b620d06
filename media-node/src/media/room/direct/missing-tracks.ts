/**
 * A second look at what the server told us: an audio track that is published but in none of our sections. Normally the server says that it has subscribed us,
 * or asks for a new offer, within milliseconds; seen under load, about one join in a hundred, neither comes. Then we offer by ourselves, a few
 * times: a track may also be missing because we are not allowed to hear it.
 */
import { roomLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../../clock.ts';

/** First look, doubled after each offer, ms. */
const firstLookMs = 300;
const looksMax = 5;

export class MissingTracks {
  readonly #missing: () => string[];
  readonly #offer: (count: number) => void;
  readonly #clock: Clock;
  #timer: Timer | null = null;
  #looks = 0;
  /** What was missing at the last look: other tracks begin anew. */
  #before = '';

  /** @param missing ids of tracks without a section @param offer asks for a new offer with room for so many more */
  constructor(missing: () => string[], offer: (count: number) => void, clock: Clock) {
    this.#missing = missing;
    this.#offer = offer;
    this.#clock = clock;
  }

  /** Something changed: look in a while. */
  check(): void {
    const missing = this.#missing().join();
    if (missing !== this.#before) this.#looks = 0;
    this.#before = missing;
    if (missing === '' || this.#timer !== null || this.#looks >= looksMax) return;
    const waitMs = firstLookMs * 2 ** this.#looks;
    this.#timer = this.#clock.after(waitMs, () => {
      this.#timer = null;
      this.#looks++;
      const count = Math.min(this.#missing().length, roomLimits.receivedTracksMax);
      if (count > 0) this.#offer(count);
      this.check();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#looks = looksMax;
  }
}
