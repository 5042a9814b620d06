/** Unguessable words: branches, tags, Call-IDs. 96 bits, so that nobody can answer what was not sent to them. RFC 3261 §19.3 asks for 32. */
import { randomBytes } from 'node:crypto';

/** A source of random bytes; node:crypto's, or a test's. */
export type RandomBytes = (count: number) => Buffer;

/** 24 hexadecimal characters. */
export function randomToken(random: RandomBytes = randomBytes): string {
  return random(12).toString('hex');
}
