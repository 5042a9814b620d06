/** Speech of sorts in Opus, and how near to it what comes out is. */
import { OpusEncoder } from './opus-encoder.ts';

const rateHz = 16_000;
const frameSamples = rateHz / 50;

/** A voice of sorts, whose pitch and loudness never rest; with copies of the packet before, or without. */
export function speak(packets: number, usesFec: boolean): Uint8Array[] {
  const encoder = new OpusEncoder(rateHz, {
    maxAverageBitRate: 20_000,
    maxPlaybackRateHz: 48_000,
    isConstantRate: false,
    usesFec,
    usesDtx: false,
  });
  let phase = 0;
  return Array.from({ length: packets }, (_, n) => {
    const samples = Int16Array.from({ length: frameSamples }, (_sample, i) => {
      const seconds = (n * frameSamples + i) / rateHz;
      phase += (2 * Math.PI * (150 + 60 * Math.sin(5 * seconds))) / rateHz;
      const loudness = 5_000 * (1 + Math.sin(17 * seconds));
      return Math.round(loudness * (Math.sin(phase) + 0.5 * Math.sin(2 * phase)) * 0.6);
    });
    return Uint8Array.from(encoder.encode(samples));
  });
}

/** How far from `right` the samples are, in decibels below its power. */
export function decibelsRight(right: Int16Array, samples: Int16Array | null): number {
  let [power, error] = [0, 1];
  for (const [i, sample] of right.entries()) {
    power += sample * sample;
    error += (sample - (samples?.[i] ?? 0)) ** 2;
  }
  return 10 * Math.log10(power / error);
}
