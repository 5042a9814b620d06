/** Whether a recording was heard: its best normalised correlation with what was heard, over all places it may begin at. */
import { rms } from './goertzel.ts';
import type { Sound } from './wav.ts';

/** Of the recording only its loudest half second is looked for: words are told apart by it, and it is quick. */
const pieceMs = 500;

export interface Likeness {
  /** 1: the very samples; G.711 leaves 0.98; other words stay below 0.5. */
  readonly likeness: number;
  /** Where the piece begins in what was heard, ms. */
  readonly atMs: number;
}

/** Both sounds in one rate. */
export function likenessOf(heard: Sound, recording: Sound): Likeness {
  const piece = loudestPiece(recording);
  let [best, bestAt] = [0, 0];
  for (let at = 0; at + piece.length <= heard.samples.length; at++) {
    let [product, heardPower, power] = [0, 0, 0];
    for (let i = 0; i < piece.length; i += 3) {
      const [a, b] = [heard.samples[at + i] ?? 0, piece[i] ?? 0];
      product += a * b;
      heardPower += a * a;
      power += b * b;
    }
    const likeness = product / Math.sqrt(heardPower * power || 1);
    if (likeness > best) [best, bestAt] = [likeness, at];
  }
  return { likeness: best, atMs: (bestAt * 1_000) / heard.sampleRateHz };
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
