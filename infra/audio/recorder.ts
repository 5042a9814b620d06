/** Collects what is heard, piece by piece, up to a bound. */
import type { Sound } from './wav.ts';

/** Ten minutes; what comes later is dropped. */
const recordedMsMax = 600_000;

export class Recorder {
  readonly sampleRateHz: number;
  readonly #pieces: Int16Array[] = [];
  #length = 0;

  constructor(sampleRateHz: number) {
    this.sampleRateHz = sampleRateHz;
  }

  /** Keeps a copy of int16 samples. */
  add(samples: Int16Array): void {
    if ((this.#length * 1_000) / this.sampleRateHz > recordedMsMax) return;
    this.#pieces.push(samples.slice());
    this.#length += samples.length;
  }

  /** All that was heard so far. */
  sound(): Sound {
    const samples = new Int16Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      samples.set(piece, at);
      at += piece.length;
    }
    return { sampleRateHz: this.sampleRateHz, samples };
  }
}
