/** What the player plays: a source of samples that ends, or never does. */
export interface Sound {
  /**
   * Fills `into` with the next samples, int16 at the rate it was made for; behind its end with silence.
   * @returns false when it ended before the last sample
   */
  read(into: Int16Array): boolean;
}

/** Samples that can be read at any place. */
export type Samples = Pick<Int16Array, 'length' | 'subarray'>;

/** Samples played once. */
export class Recording implements Sound {
  readonly #samples: Samples;
  #at = 0;

  constructor(samples: Samples) {
    this.#samples = samples;
  }

  read(into: Int16Array): boolean {
    const part = this.#samples.subarray(this.#at, this.#at + into.length);
    into.set(part);
    into.fill(0, part.length);
    this.#at += part.length;
    return part.length === into.length;
  }
}

/** Samples over and over. */
export class Loop implements Sound {
  readonly #samples: Samples;
  #at = 0;

  constructor(samples: Samples) {
    this.#samples = samples;
  }

  read(into: Int16Array): boolean {
    // A recording of a sample or two has none at a lower rate.
    if (this.#samples.length === 0) into.fill(0);
    for (let filled = 0; this.#samples.length > 0 && filled < into.length; ) {
      const part = this.#samples.subarray(this.#at, this.#at + into.length - filled);
      into.set(part, filled);
      filled += part.length;
      this.#at = (this.#at + part.length) % this.#samples.length;
    }
    return true;
  }
}

/** Sounds one after the other. */
export class Sequence implements Sound {
  readonly #sounds: Sound[];

  constructor(sounds: readonly Sound[]) {
    this.#sounds = [...sounds];
  }

  read(into: Int16Array): boolean {
    while (this.#sounds.length > 0) {
      if (this.#sounds[0]?.read(into) === true) return true;
      this.#sounds.shift();
      // The end of a sound is padded to a frame: at most 20 ms of silence between two.
      if (this.#sounds.length > 0) return true;
    }
    into.fill(0);
    return false;
  }
}
