/**
 * Changing the rate of samples between 8, 16 and 48 kHz: a windowed-sinc low-pass at the lower of the two rates, evaluated only where a sample is
 * wanted. For prompts and for the few paths where two codecs have different rates; G.711 and Opus need none of it. Pure.
 */

/** Zero crossings of the sinc on each side: 24 leave -70 dB beyond the band edge. */
const crossings = 24;

/** The filter between two rates: as many sets of weights as there are places between two input samples where an output may lie. */
interface Filter {
  /** Input samples on each side that an output depends on. */
  readonly reach: number;
  /** From one output to the next, in parts of an input sample: one set of weights each. */
  readonly step: number;
  /** For each place, the weights of the `2 * reach` samples around it. */
  readonly weights: readonly Float64Array[];
}

/** One stream's resampler; keeps the tail of the last call, so that frames join without a click. */
export class Resampler {
  readonly #filter: Filter;
  #tail: Float64Array;
  /** Where the next output lies, in parts of input samples behind the start of the tail. */
  #position: number;

  constructor(inputRateHz: number, outputRateHz: number) {
    this.#filter = filterBetween(inputRateHz, outputRateHz);
    const { reach, weights } = this.#filter;
    this.#tail = new Float64Array(2 * reach);
    this.#position = reach * weights.length;
  }

  /** What comes before the first sample that was taken in: half the filter, samples of the input. */
  get delaySamples(): number {
    return this.#filter.reach;
  }

  /** Takes samples in and gives those that they decide: over time `outputRateHz / inputRateHz` times as many. */
  process(input: Int16Array): Int16Array {
    const { reach, step, weights } = this.#filter;
    const places = weights.length;
    const run = new Float64Array(this.#tail.length + input.length);
    run.set(this.#tail);
    run.set(input, this.#tail.length);
    const end = (run.length - reach) * places;
    const output = new Int16Array(Math.max(0, Math.ceil((end - this.#position) / step)));
    for (let i = 0; i < output.length; i++, this.#position += step) {
      const value = this.#at(run, this.#position);
      output[i] = Math.max(-32_768, Math.min(32_767, Math.round(value)));
    }
    const dropped = Math.min(run.length, Math.floor(this.#position / places) - reach);
    this.#tail = run.slice(dropped);
    this.#position -= dropped * places;
    return output;
  }

  #at(run: Float64Array, position: number): number {
    const { reach, weights } = this.#filter;
    const set = weights[position % weights.length];
    if (set === undefined) return 0;
    const first = Math.floor(position / weights.length) - reach + 1;
    let sum = 0;
    for (let i = 0; i < set.length; i++) sum += (run[first + i] ?? 0) * (set[i] ?? 0);
    return sum;
  }
}

/** Filters by their two rates: a handful, shared by all streams. */
const filters = new Map<string, Filter>();

function filterBetween(inputRateHz: number, outputRateHz: number): Filter {
  const key = `${inputRateHz}:${outputRateHz}`;
  const known = filters.get(key);
  if (known !== undefined) return known;
  const divisor = greatestCommonDivisor(inputRateHz, outputRateHz);
  const places = outputRateHz / divisor;
  const scale = Math.min(1, outputRateHz / inputRateHz);
  const reach = Math.ceil(crossings / scale);
  const weights = Array.from({ length: places }, (_, place) =>
    Float64Array.from(
      { length: 2 * reach },
      (_, i) => kernel((place / places + reach - 1 - i) * scale) * scale,
    ),
  );
  const filter = { reach, step: inputRateHz / divisor, weights };
  filters.set(key, filter);
  return filter;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Sinc under a Hann window, 0 beyond `crossings`. */
function kernel(x: number): number {
  if (Math.abs(x) >= crossings) return 0;
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / crossings));
}

export interface Recorded {
  readonly rateHz: number;
  readonly samples: Int16Array;
}

/**
 * A recording at another rate, made as far as it is read. Made at once, a minute of music would take the audio of every call in the process half a second; so
 * who listens first pays for each 20 ms when they are due, and who comes later finds them done.
 */
export class Resampled {
  /** Samples of the whole, at the rate asked for. */
  readonly length: number;
  readonly #recording: Recorded;
  readonly #resampler: Resampler;
  readonly #samples: Int16Array;
  /** Samples of the recording that were taken. */
  #taken = 0;
  /** Samples that are made; negative: what the filter gives before the first sample of the recording is still to be dropped. */
  #made: number;

  constructor(recording: Recorded, rateHz: number) {
    this.#recording = recording;
    this.#resampler = new Resampler(recording.rateHz, rateHz);
    this.length = Math.round((recording.samples.length * rateHz) / recording.rateHz);
    this.#samples = new Int16Array(this.length);
    this.#made = -Math.round((this.#resampler.delaySamples * rateHz) / recording.rateHz);
  }

  /** A part, as a typed array gives it; what is behind the end is left out. */
  subarray(from: number, to: number): Int16Array {
    const end = Math.min(to, this.length);
    while (this.#made < end) this.#make();
    return this.#samples.subarray(from, end);
  }

  /** Takes the next 20 ms of the recording, behind its end silence. */
  #make(): void {
    const { samples, rateHz } = this.#recording;
    const run = new Int16Array(Math.ceil(rateHz / 50));
    run.set(samples.subarray(this.#taken, this.#taken + run.length));
    this.#taken += run.length;
    const made = this.#resampler.process(run);
    const dropped = Math.min(made.length, Math.max(0, -this.#made));
    const at = Math.max(0, this.#made);
    this.#samples.set(made.subarray(dropped, dropped + this.length - at), at);
    this.#made += made.length;
  }
}

/** A whole recording at another rate, its length kept. */
export function resample(
  samples: Int16Array,
  inputRateHz: number,
  outputRateHz: number,
): Int16Array {
  if (inputRateHz === outputRateHz) return samples;
  const recording = new Resampled({ rateHz: inputRateHz, samples }, outputRateHz);
  return recording.subarray(0, recording.length);
}
