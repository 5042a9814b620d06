/** Whether a recording was heard: its best normalised correlation with what was heard, over all places it may begin at. */
import { rms } from './goertzel.ts';
import type { Sound } from './wav.ts';

/** Of the recording only its loudest half second is looked for: words are told apart by it, and it is quick. */
export const pieceMs = 500;

export interface Likeness {
  /** 1: the very samples; G.711 leaves 0.98; other words stay below 0.5. */
  readonly likeness: number;
  /** Where the piece begins in what was heard, ms. */
  readonly atMs: number;
}

/** Both sounds in one rate. */
export function likenessOf(heard: Sound, recording: Sound): Likeness {
  const piece = loudestPiece(recording);
  const { samples, sampleRateHz } = heard;
  let [best, bestAt] = [0, 0];
  const power = Math.sqrt(powerOf(piece, 0, piece.length));
  // Of what lies under the piece, at each third place: one goes out and one comes in when the piece moves on by three.
  const heardPowers = [0, 1, 2].map((at) => powerOf(samples, at, piece.length));
  for (let at = 0; at + piece.length <= samples.length; at++) {
    let product = 0;
    for (let i = 0; i < piece.length; i += 3) product += (samples[at + i] ?? 0) * (piece[i] ?? 0);
    const heardPower = heardPowers[at % 3] ?? 0;
    const likeness = product / (Math.sqrt(heardPower) * power || 1);
    if (likeness > best) [best, bestAt] = [likeness, at];
    const [out, next] = [samples[at] ?? 0, samples[at + 3 * Math.ceil(piece.length / 3)] ?? 0];
    heardPowers[at % 3] = heardPower - out * out + next * next;
  }
  return { likeness: best, atMs: (bestAt * 1_000) / sampleRateHz };
}

/** Of each third sample, from `at`. */
function powerOf(samples: Int16Array, at: number, length: number): number {
  let power = 0;
  for (let i = 0; i < length; i += 3) power += (samples[at + i] ?? 0) ** 2;
  return power;
}

function loudestPiece({ samples, sampleRateHz }: Sound): Int16Array {
  const length = Math.round((sampleRateHz * pieceMs) / 1_000);
  let [best, loudest] = [0, samples.subarray(0, length)];
  for (let at = 0; at + length <= samples.length; at += length / 10) {
    const piece = samples.subarray(at, at + length);
    const level = rms(piece);
    if (level > best) [best, loudest] = [level, piece];
  }
  return loudest;
}
