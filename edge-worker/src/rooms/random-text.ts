/** Random text of the short-uuid alphabet, as LiveKit makes ids and room suffixes. */
import { randomInt } from 'node:crypto';

/** 57 characters: digits and letters without the look-alikes 0, 1, I, O, l. */
const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** 12 characters, as in `ST_…`, `SDR_…` and behind room names: 70 bits. */
export function randomText(): string {
  return Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join('');
}
