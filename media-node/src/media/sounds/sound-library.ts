/**
 * The sounds that a caller can hear from us, by name: spoken prompts from WAV files, one folder a language, and tones made on the spot. Prompts are
 * read once at start, so that a file that is missing or wrong stops the node and not a call.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Resampled } from '../audio/resample.ts';
import type { SoundName, SoundOptions } from '../media-session.ts';
import { CadenceSound, refusalTone, ringbackOf } from './cadence.ts';
import { Loop, Recording, type Samples, Sequence, type Sound } from './sound.ts';
import { readWav, type Wav, wavBytesMax } from './wav.ts';

const promptNames = ['enter-pin', 'wrong-pin', 'entering-room'] as const;
/** Files that a folder may have besides. */
const extraNames = ['music'] as const;
type PromptName = (typeof promptNames)[number] | (typeof extraNames)[number];

/** The language of prompts that are asked for in one that is not there. */
const fallbackLanguage = 'en';
/** The tone after a wrong PIN, ms. */
const refusalToneMs = 1_500;

export class SoundLibrary {
  /** By language, in the file's own rate. */
  readonly #prompts: ReadonlyMap<string, ReadonlyMap<PromptName, Wav>>;
  /** Once for each rate that was asked for: `language/name@rate`. */
  readonly #resampled = new Map<string, Samples>();

  private constructor(prompts: ReadonlyMap<string, ReadonlyMap<PromptName, Wav>>) {
    this.#prompts = prompts;
  }

  /**
   * Reads `<folder>/<language>/<name>.wav`; a language may leave prompts out that English has.
   * @throws Error that names the file and what is wrong with it, or the English prompt that is missing
   */
  static read(folder: string): SoundLibrary {
    const prompts = new Map<string, Map<PromptName, Wav>>();
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      // Links count: volumes of containers are made of them.
      if (statSync(path).isDirectory()) prompts.set(name.toLowerCase(), readPrompts(path));
    }
    for (const name of promptNames) {
      if (prompts.get(fallbackLanguage)?.has(name) !== true)
        throw new Error(`${join(folder, fallbackLanguage, name)}.wav is missing`);
    }
    return new SoundLibrary(prompts);
  }

  /** A fresh sound, to be read from its start. @param rateHz of its samples */
  create(name: SoundName, rateHz: number, options: SoundOptions): Sound {
    switch (name) {
      case 'music':
        // The operator's own; who has none rings.
        return this.#music(rateHz, options) ?? this.create('ringback', rateHz, options);
      case 'ringback':
        return new CadenceSound(
          ringbackOf(options.country ?? null),
          rateHz,
          Number.POSITIVE_INFINITY,
        );
      case 'wrong-pin':
        return new Sequence([
          this.#prompt(name, rateHz, options),
          new CadenceSound(refusalTone, rateHz, refusalToneMs),
        ]);
      case 'enter-pin':
      case 'entering-room':
        return this.#prompt(name, rateHz, options);
      default:
        return name satisfies never;
    }
  }

  #music(rateHz: number, options: SoundOptions): Sound | null {
    const samples = this.#samples('music', rateHz, options);
    return samples === null ? null : new Loop(samples);
  }

  #prompt(name: PromptName, rateHz: number, options: SoundOptions): Sound {
    return new Recording(this.#samples(name, rateHz, options) ?? new Int16Array(0));
  }

  /** null: nobody has recorded it. */
  #samples(name: PromptName, rateHz: number, options: SoundOptions): Samples | null {
    const spoken = languagesFor(options).find((one) => this.#prompts.get(one)?.has(name));
    const wav = spoken === undefined ? undefined : this.#prompts.get(spoken)?.get(name);
    if (wav === undefined) return null;
    const key = `${spoken}/${name}@${rateHz}`;
    const samples = this.#resampled.get(key) ?? atRate(wav, rateHz);
    this.#resampled.set(key, samples);
    return samples;
  }
}

/** Best first: `de-at`, `de`, `en` for de-AT (RFC 4647 §3.4). */
function languagesFor({ language }: SoundOptions): string[] {
  const parts = language?.toLowerCase().split('-') ?? [];
  const wanted = parts.map((_, i) => parts.slice(0, parts.length - i).join('-'));
  return [...wanted, fallbackLanguage];
}

function atRate(wav: Wav, rateHz: number): Samples {
  return wav.rateHz === rateHz ? wav.samples : new Resampled(wav, rateHz);
}

function readPrompts(folder: string): Map<PromptName, Wav> {
  const present = new Set(readdirSync(folder));
  const prompts = new Map<PromptName, Wav>();
  for (const name of [...promptNames, ...extraNames]) {
    if (!present.has(`${name}.wav`)) continue;
    const file = join(folder, `${name}.wav`);
    try {
      const { size } = statSync(file);
      if (size > wavBytesMax)
        throw new RangeError(`${size} bytes; expected ${wavBytesMax} at most`);
      prompts.set(name, readWav(readFileSync(file)));
    } catch (error) {
      throw new Error(`${file}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }
  return prompts;
}
