/**
 * The nonce counts that callers have shown: each count of a nonce is taken once (RFC 7616 §3.4.5), so that credentials overheard on the way are worth nothing. The edge
 * keeps no state and cannot know; a node can, because a nonce fits one source and one call. Bounded in number, and in age: a nonce that is too old for the edge needs no memory.
 */
import { strangerLimits } from '@callgate/shared/limits.ts';
import { readDigestParameters } from '@callgate/shared/sip/digest-parameters.ts';
import type { Clock } from '../../clock.ts';
import { Recent } from '../../recent.ts';

/** Ours are shorter: what is longer is none of ours. */
const nonceCharactersMax = 128;

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
    const parameters = readDigestParameters(credentials);
    const nonce = parameters?.get('nonce') ?? '';
    const digits = parameters?.get('nc') ?? '';
    if (nonce === '' || nonce.length > nonceCharactersMax) return true;
    if (!/^[0-9a-f]{8}$/i.test(digits)) return true;
    const count = Number.parseInt(digits, 16);
    if (count <= (this.#shown.get(nonce) ?? 0)) return false;
    this.#shown.set(nonce, count);
    return true;
  }
}
