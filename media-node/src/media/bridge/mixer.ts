/**
 * Several remote tracks as one, on the tick: a plain sum, and a limiter instead of clipping: loud frames are turned down at once and the level comes back
 * within a second.
 */
import type { OpusRateHz } from '../audio/opus.ts';
import type { EncodedFrame } from '../room/room.ts';
import { MixedTrack } from './mixed-track.ts';

/** What the level regains with each frame of 20 ms. */
const release = 0.02;

export class Mixer {
  readonly #rateHz: OpusRateHz;
  readonly #tracks = new Map<string, MixedTrack>();
  readonly #sum: Int32Array;
  readonly #mix: Int16Array;
  #gain = 1;

  /** @param rateHz of the mix */
  constructor(rateHz: OpusRateHz) {
    this.#rateHz = rateHz;
    this.#sum = new Int32Array(rateHz / 50);
    this.#mix = new Int16Array(rateHz / 50);
  }

  push(trackId: string, frame: EncodedFrame, now: number): void {
    let track = this.#tracks.get(trackId);
    if (track === undefined) {
      track = new MixedTrack(this.#rateHz);
      this.#tracks.set(trackId, track);
    }
    track.push(frame, now);
  }

  remove(trackId: string): void {
    this.#tracks.delete(trackId);
  }

  /** The next 20 ms of everything; valid until the next call. */
  read(): Int16Array {
    this.#sum.fill(0);
    for (const track of this.#tracks.values()) track.read(this.#sum);
    let peak = 0;
    for (const value of this.#sum) peak = Math.max(peak, Math.abs(value));
    const before = this.#gain;
    const allowed = peak > 32_767 ? 32_767 / peak : 1;
    this.#gain = Math.min(allowed, before + release);
    const step = (this.#gain - before) / this.#sum.length;
    for (let i = 0; i < this.#sum.length; i++) {
      const value = (this.#sum[i] ?? 0) * (before + step * (i + 1));
      this.#mix[i] = Math.max(-32_768, Math.min(32_767, Math.round(value)));
    }
    return this.#mix;
  }
}
