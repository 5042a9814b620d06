/** Something to play: a source of samples that is asked for the next few, for ever. */
import type { Sound } from './wav.ts';

/** Fills `into` (int16, mono) with the next samples. */
export type SampleSource = (into: Int16Array) => void;

export interface ToneOptions {
  readonly frequencyHz: number;
  readonly sampleRateHz: number;
  /** Peak, 0 to 32767; -12 dBFS when absent. */
  readonly peak?: number;
}

/** A pure tone without end; its phase runs on from one call to the next. */
export function tone({ frequencyHz, sampleRateHz, peak = 8_192 }: ToneOptions): SampleSource {
  const step = (2 * Math.PI * frequencyHz) / sampleRateHz;
  let phase = 0;
  return (into) => {
    for (let i = 0; i < into.length; i++) {
      into[i] = Math.round(peak * Math.sin(phase));
      phase = (phase + step) % (2 * Math.PI);
    }
  };
}

/** A recording, over and over. */
export function looped({ samples }: Sound): SampleSource {
  let at = 0;
  return (into) => {
    for (let i = 0; i < into.length; i++) {
      into[i] = samples[at] ?? 0;
      at = (at + 1) % Math.max(1, samples.length);
    }
  };
}

export const silence: SampleSource = (into) => {
  into.fill(0);
};
