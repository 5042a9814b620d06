/** Random bytes by the spoonful: each small draw of its own costs the kernel's and OpenSSL's overhead, and a call makes a dozen of them. */
import { randomBytes } from 'node:crypto';

/** Bytes drawn at once. */
const poolBytes = 4_096;

/** A source like randomBytes; no byte of it is given out twice. */
export function pooledRandom(): (count: number) => Buffer {
  let pool = Buffer.alloc(0);
  let given = 0;
  return (count) => {
    if (count > poolBytes) return randomBytes(count);
    if (given + count > pool.length) {
      // A new one: what was given out of the last is still somebody's.
      pool = randomBytes(poolBytes);
      given = 0;
    }
    given += count;
    return pool.subarray(given - count, given);
  };
}
