/**
 * Tones with a cadence (ITU-T E.180 and its annex of national tones): ringback as each country knows it, and the tone after a wrong
 * PIN. Pure.
 */
import { addTone } from '../audio/tone.ts';
import type { Sound } from './sound.ts';

export interface Cadence {
  /** Sounded together, Hz. */
  readonly frequenciesHz: readonly number[];
  /** On, off, on, off, ... ms. */
  readonly pattern: readonly number[];
}

/** Of int16 for each frequency: with two of them about -15 dBm0, as exchanges send. */
const amplitude = 4_000;

const europe: Cadence = { frequenciesHz: [425], pattern: [1_000, 4_000] };
const northAmerica: Cadence = { frequenciesHz: [440, 480], pattern: [2_000, 4_000] };
const britain: Cadence = { frequenciesHz: [400, 450], pattern: [400, 200, 400, 2_000] };

/** Countries whose ringback is not the European one. */
const ringbacks = new Map<string, Cadence>([
  ...['us', 'ca', 'pr', 'do', 'jm', 'tt', 'bs', 'bb'].map((code) => [code, northAmerica] as const),
  ...['gb', 'ie', 'im', 'je', 'gg', 'mt', 'hk', 'sg', 'my', 'lk', 'za'].map(
    (code) => [code, britain] as const,
  ),
  ['au', { frequenciesHz: [413, 438], pattern: [400, 200, 400, 2_000] }],
  ['nz', { frequenciesHz: [400, 450], pattern: [400, 200, 400, 2_000] }],
  ['fr', { frequenciesHz: [440], pattern: [1_500, 3_500] }],
  ['jp', { frequenciesHz: [384, 416], pattern: [1_000, 2_000] }],
  ['in', { frequenciesHz: [375, 425], pattern: [400, 200, 400, 2_000] }],
  ['br', { frequenciesHz: [425], pattern: [1_000, 4_000] }],
  ['cn', { frequenciesHz: [450], pattern: [1_000, 4_000] }],
  ['kr', { frequenciesHz: [440, 480], pattern: [1_000, 2_000] }],
  ['mx', { frequenciesHz: [425], pattern: [1_000, 4_000] }],
  ['es', { frequenciesHz: [425], pattern: [1_500, 3_000] }],
  ['se', { frequenciesHz: [425], pattern: [1_000, 5_000] }],
  ['it', { frequenciesHz: [425], pattern: [1_000, 4_000] }],
]);

/** @param country ISO 3166-1 alpha-2, either case; unknown ones and null get the European tone */
export function ringbackOf(country: string | null): Cadence {
  return ringbacks.get(country?.toLowerCase() ?? '') ?? europe;
}

/** What follows a wrong PIN: three short tones, as exchanges say "cannot be reached". */
export const refusalTone: Cadence = { frequenciesHz: [480, 620], pattern: [250, 250] };

/** A cadence as a sound. */
export class CadenceSound implements Sound {
  readonly #cadence: Cadence;
  readonly #rateHz: number;
  readonly #samplesMax: number;
  #at = 0;

  /** @param forMs how long it sounds; Infinity: it never ends by itself */
  constructor(cadence: Cadence, rateHz: number, forMs: number) {
    this.#cadence = cadence;
    this.#rateHz = rateHz;
    this.#samplesMax = (forMs * rateHz) / 1_000;
  }

  read(into: Int16Array): boolean {
    into.fill(0);
    const left = this.#samplesMax - this.#at;
    if (left <= 0) return false;
    if (this.#isOn()) {
      for (const frequencyHz of this.#cadence.frequenciesHz) {
        addTone(into, { frequencyHz, rateHz: this.#rateHz, amplitude, fromSample: this.#at });
      }
    }
    this.#at += into.length;
    return into.length <= left;
  }

  /** Whether the cadence sounds at the start of the frame: cadences are multiples of 20 ms or nearly so. */
  #isOn(): boolean {
    const periodMs = this.#cadence.pattern.reduce((sum, ms) => sum + ms, 0);
    let atMs = ((this.#at * 1_000) / this.#rateHz) % periodMs;
    for (const [index, ms] of this.#cadence.pattern.entries()) {
      if (atMs < ms) return index % 2 === 0;
      atMs -= ms;
    }
    return false;
  }
}
