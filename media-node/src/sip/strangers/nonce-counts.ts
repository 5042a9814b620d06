/**
 * The nonce counts that callers have shown: each count of a nonce is taken once (RFC 7616 §3.4.5), so that credentials overheard on the way are worth nothing. The edge
 * keeps no state and cannot know; a node can, because a nonce fits one source and one call. Bounded in number, and in age: a nonce that is too old for the edge needs no memory.
 */
import { strangerLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { Recent } from '../../recent.ts';

const nonceParameter = /[ ,]nonce="([\x21\x23-\x7e]{1,128})"/i;
const countParameter = /[ ,]nc="?([0-9a-f]{8})(?![0-9a-f])/i;

export class NonceCounts {
  /** The highest count shown, by nonce. */
  readonly #shown: Recent<number>;

  constructor(clock: Clock) {
    const { noncesMax: max, nonceKeptMs: keptMs } = strangerLimits;
    this.#shown = new Recent(clock, { max, keptMs });
  }

  get size(): number {
    return this.#shown.size;
  }

  /**
   * Takes the count of credentials into account.
   * @param credentials value of Authorization or Proxy-Authorization
   * @returns false when it is no higher than one shown before; true also for what is no digest, which the edge refuses
   */
  take(credentials: string): boolean {
    const nonce = nonceParameter.exec(credentials)?.[1];
    const digits = countParameter.exec(credentials)?.[1];
    if (nonce === undefined || digits === undefined) return true;
    const count = Number.parseInt(digits, 16);
    if (count <= (this.#shown.get(nonce) ?? 0)) return false;
    this.#shown.set(nonce, count);
    return true;
  }
}
