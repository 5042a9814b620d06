/**
 * Cuts a run of samples into frames of lengths that the other side takes, without adding delay where none is needed: what fits
 * passes as it is, what is left over waits for the next packet. Phones send 20 ms nearly always; 10, 30, 40 and 60 ms are met, and
 * Opus from the room may have any of its own lengths. Pure.
 */

/**
 * Takes a frame, a view that is valid during the call. `offset` is where its first sample lies against the first of the run it was
 * cut from, samples: negative when it begins with samples that were left over from before.
 */
export type FrameTaker = (samples: Int16Array, offset: number) => void;

/** The most that one packet can hold: 120 ms at 48 kHz. */
const runSamplesMax = 5_760;

export class FrameCutter {
  /** Longest first. */
  readonly #lengths: readonly number[];
  readonly #joined: Int16Array;
  #kept = 0;

  /** @param lengths of frames that may be cut, samples */
  constructor(lengths: readonly number[]) {
    this.#lengths = lengths.toSorted((a, b) => b - a);
    this.#joined = new Int16Array(runSamplesMax + Math.max(...lengths));
  }

  /** True when a run of that length is one frame. */
  isWhole(samples: number): boolean {
    return this.#kept === 0 && this.#lengths.includes(samples);
  }

  /** Cuts a run that follows on the one before it; after a gap call `reset` first. */
  cut(run: Int16Array, take: FrameTaker): void {
    if (this.isWhole(run.length)) return take(run, 0);
    const kept = this.#kept;
    const added = run.subarray(0, runSamplesMax);
    this.#joined.set(added, kept);
    const end = kept + added.length;
    let at = 0;
    for (;;) {
      const left = end - at;
      const length = this.#lengths.find((one) => one <= left);
      if (length === undefined) break;
      take(this.#joined.subarray(at, at + length), at - kept);
      at += length;
    }
    this.#joined.copyWithin(0, at, end);
    this.#kept = end - at;
  }

  /** Forgets what was left over. @returns how many samples that were */
  reset(): number {
    const kept = this.#kept;
    this.#kept = 0;
    return kept;
  }
}
