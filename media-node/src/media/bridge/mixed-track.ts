/**
 * One remote track on its way into the mix: decoded as it comes, read frame by frame on the tick. Between the two lies a small buffer, the only one of the
 * bridge, because packets of several senders must meet. The problem is its depth: too small and jitter tears holes, too large and it only
 * adds delay.
 *
 * The idea: begin with two packets (40 ms). Each time it runs dry while the track speaks, one more is kept, 100 ms at most. When it has never held less
 * than it needs for two seconds, one packet is dropped and the depth goes down again. What arrives in a burst beyond depth and slack is dropped
 * from the old end, so that a stall does not become delay. A track that has told of a pause (DTX) does not run dry, it pauses.
 */
import { isOpusSilence, type OpusRateHz } from '../audio/opus.ts';
import type { EncodedFrame } from '../room/room.ts';
import { Reception } from '../rtp/reception.ts';
import { clockOf, TrackDecoder } from './track-decoder.ts';

const depthMin = 2;
const depthMax = 5;
/** Packets above the depth that a burst may add. */
const slack = 3;
/** Packets of 20 ms after which a depth that was never needed goes down. */
const calmTicks = 100;
/** Lost packets that are replaced by their copies or what the decoder makes up: beyond it the sender has paused. */
const lostMax = 5;

export class MixedTrack {
  readonly #frameSamples: number;
  readonly #decoder: TrackDecoder;
  #reception: Reception | null = null;
  /** Samples that wait, oldest first. */
  #samples = new Int16Array(0);
  #depth = depthMin;
  /** Reading has begun and has not run dry since. */
  #isFlowing = false;
  /** The last packet told of silence (DTX): what follows may be long in coming. */
  #isPausing = false;
  /** Ticks since the buffer was last as low as it may be. */
  #calm = 0;

  constructor(rateHz: OpusRateHz) {
    this.#frameSamples = rateHz / 50;
    this.#decoder = new TrackDecoder(rateHz);
  }

  /** Packets of 20 ms that are kept before reading begins. */
  get depth(): number {
    return this.#depth;
  }

  /** Takes a packet in; one that was overtaken comes too late for the mix. */
  push(frame: EncodedFrame, now: number): void {
    this.#reception ??= new Reception(clockOf(frame.codec));
    const arrival = this.#reception.arrive(frame, now);
    if (arrival.kind === 'duplicate' || arrival.kind === 'late') return;
    this.#isPausing = frame.codec === 'opus' && isOpusSilence(frame.payload);
    if (this.#isPausing && !this.#isFlowing) return;
    const lost = arrival.kind === 'newer' && this.#isFlowing ? Math.min(lostMax, arrival.lost) : 0;
    // Before the packet that tells of the loss: the decoder goes on from where it is.
    const concealed = Array.from({ length: lost }, (_, n) =>
      this.#decoder.conceal(n === lost - 1 ? frame : null),
    );
    const samples = this.#decoder.decode(frame);
    if (samples === null) return;
    for (const made of concealed) this.#append(made ?? new Int16Array(samples.length));
    this.#append(samples);
  }

  #append(samples: Int16Array): void {
    const most = (this.#depth + slack) * this.#frameSamples;
    const all = new Int16Array(this.#samples.length + samples.length);
    all.set(this.#samples);
    all.set(samples, this.#samples.length);
    this.#samples = all.length > most ? all.subarray(all.length - most) : all;
  }

  /** Adds the next 20 ms to `sum`. @returns whether there was anything to add */
  read(sum: Int32Array): boolean {
    const due = this.#frameSamples;
    if (!this.#isFlowing) {
      if (this.#samples.length < this.#depth * due) return false;
      this.#isFlowing = true;
      this.#calm = 0;
    }
    if (this.#samples.length < due) {
      this.#isFlowing = false;
      if (!this.#isPausing) this.#depth = Math.min(depthMax, this.#depth + 1);
      return false;
    }
    for (let i = 0; i < due; i++) sum[i] = (sum[i] ?? 0) + (this.#samples[i] ?? 0);
    this.#samples = this.#samples.subarray(due);
    this.#settle(due);
    return true;
  }

  #settle(due: number): void {
    this.#calm = this.#samples.length >= 2 * due ? this.#calm + 1 : 0;
    if (this.#calm < calmTicks) return;
    this.#calm = 0;
    this.#depth = Math.max(depthMin, this.#depth - 1);
    this.#samples = this.#samples.subarray(due);
  }
}
