/** Calls that were asked for credentials, by Call-ID and From tag. Bounded: the oldest is forgotten first. */
import { strangerLimits } from '@callgate/shared/limits.ts';
import type { SipRequest } from '../wire/message.ts';
import { callKey } from './final-answers.ts';

export class Challenges {
  /** In the order in which they were challenged last. */
  readonly #challenged = new Set<string>();

  /** The INVITE was answered with a challenge. */
  note(invite: SipRequest): void {
    const key = callKey(invite);
    this.#challenged.delete(key);
    this.#challenged.add(key);
    const [oldest] = this.#challenged;
    if (this.#challenged.size > strangerLimits.noncesMax && oldest !== undefined)
      this.#challenged.delete(oldest);
  }

  has(invite: SipRequest): boolean {
    return this.#challenged.has(callKey(invite));
  }
}
