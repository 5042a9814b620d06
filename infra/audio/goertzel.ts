/**
 * Which tone is heard: the Goertzel algorithm gives the energy at one frequency, and its share of all energy says whether that tone
 * is what one hears, whatever the loudness. A recording passes only by its tone, never by a noise that happens to be loud.
 */
import type { Sound } from './wav.ts';

/** 40 ms: fine enough to time a tone, long enough to tell 40 Hz apart. */
const windowMs = 40;
/** A window quieter than this (RMS, int16) is silence and has no tone. */
const silenceRms = 60;
/** Share of the energy from which a window counts as the tone. G.711 and Opus leave a clean tone above 0.95. */
const toneShareLeast = 0.8;

/** Share of the energy of `samples` that lies at `frequencyHz`, 0 to 1. */
export function toneShare(samples: Int16Array, sampleRateHz: number, frequencyHz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / sampleRateHz);
  let [before, last, energy] = [0, 0, 0];
  for (const sample of samples) {
    const now = sample + coefficient * last - before;
    before = last;
    last = now;
    energy += sample * sample;
  }
  if (energy === 0) return 0;
  const power = last * last + before * before - coefficient * last * before;
  // A pure tone of N samples has power N/2 times its energy.
  return Math.min(1, power / ((samples.length / 2) * energy));
}

/** How long the tone is what one hears, ms, and when it is first heard, ms from the start; null: never. */
export function listenFor(
  { samples, sampleRateHz }: Sound,
  frequencyHz: number,
): { readonly toneMs: number; readonly firstMs: number | null; readonly loudMs: number } {
  const windowSamples = Math.round((sampleRateHz * windowMs) / 1_000);
  let toneMs = 0;
  let loudMs = 0;
  let firstMs: number | null = null;
  for (let at = 0; at + windowSamples <= samples.length; at += windowSamples) {
    const window = samples.subarray(at, at + windowSamples);
    if (rms(window) < silenceRms) continue;
    loudMs += windowMs;
    if (toneShare(window, sampleRateHz, frequencyHz) < toneShareLeast) continue;
    toneMs += windowMs;
    firstMs ??= (at * 1_000) / sampleRateHz;
  }
  return { toneMs, firstMs, loudMs };
}

/** Root mean square of int16 samples. */
export function rms(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length));
}
