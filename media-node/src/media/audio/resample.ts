/**
 * Changing the rate of samples between 8, 16 and 48 kHz: a windowed-sinc low-pass at the lower of the two rates, evaluated only where a sample is
 * wanted. For prompts and for the few paths where two codecs have different rates; G.711 and Opus need none of it. Pure.
 */

/** Zero crossings of the sinc on each side: 24 leave -70 dB beyond the band edge. */
const crossings = 24;

/** One stream's resampler; keeps the tail of the last call, so that frames join without a click. */
export class Resampler {
  readonly #ratio: number;
  readonly #step: number;
  readonly #reach: number;
  readonly #scale: number;
  #tail: Float64Array;
  /** Where the next output lies, in input samples behind the start of the tail. */
  #position: number;

  constructor(inputRateHz: number, outputRateHz: number) {
    this.#ratio = outputRateHz / inputRateHz;
    this.#step = inputRateHz / outputRateHz;
    this.#scale = Math.min(1, this.#ratio);
    this.#reach = Math.ceil(crossings / this.#scale);
    this.#tail = new Float64Array(2 * this.#reach);
    this.#position = this.#reach;
  }

  /** Takes samples in and gives those that they decide: over time `ratio` times as many. */
  process(input: Int16Array): Int16Array {
    const run = new Float64Array(this.#tail.length + input.length);
    run.set(this.#tail);
    run.set(input, this.#tail.length);
    const output: number[] = [];
    for (; this.#position + this.#reach < run.length; this.#position += this.#step) {
      output.push(this.#at(run, this.#position));
    }
    const dropped = Math.min(run.length, Math.floor(this.#position) - this.#reach);
    this.#tail = run.slice(dropped);
    this.#position -= dropped;
    return Int16Array.from(output, (value) =>
      Math.max(-32_768, Math.min(32_767, Math.round(value))),
    );
  }

  #at(run: Float64Array, position: number): number {
    const centre = Math.floor(position);
    let sum = 0;
    for (let i = centre - this.#reach + 1; i <= centre + this.#reach; i++) {
      const distance = (position - i) * this.#scale;
      sum += (run[i] ?? 0) * kernel(distance);
    }
    return sum * this.#scale;
  }
}

/** Sinc under a Hann window, 0 beyond `crossings`. */
function kernel(x: number): number {
  if (Math.abs(x) >= crossings) return 0;
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / crossings));
}

/** A whole recording at another rate, its length kept. */
export function resample(
  samples: Int16Array,
  inputRateHz: number,
  outputRateHz: number,
): Int16Array {
  if (inputRateHz === outputRateHz) return samples;
  const resampler = new Resampler(inputRateHz, outputRateHz);
  const silence = new Int16Array(
    2 * crossings * Math.ceil(Math.max(1, inputRateHz / outputRateHz)),
  );
  const head = resampler.process(samples);
  const all = Int16Array.from([...head, ...resampler.process(silence)]);
  // The filter begins half its length late: what it gave before the first sample is not ours.
  const late = Math.round((silence.length / 2) * (outputRateHz / inputRateHz));
  return all.subarray(late, late + Math.round((samples.length * outputRateHz) / inputRateHz));
}
