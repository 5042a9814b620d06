/** Call ids as LiveKit makes them: `SCL_` and 12 characters of an alphabet without look-alikes. */
import { randomInt } from 'node:crypto';

const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** A new call id; 57^12 of them, from the system's random source. */
export function newCallId(): string {
  return `SCL_${Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join('')}`;
}
