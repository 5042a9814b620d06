/** Calls that were asked for credentials lately, by Call-ID and From tag. */
import { strangerLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { Recent } from '../../recent.ts';
import type { SipRequest } from '../wire/message.ts';
import { callKey } from './final-answers.ts';

export class Challenges {
  readonly #challenged: Recent<true>;

  constructor(clock: Clock) {
    const { noncesMax: max, nonceKeptMs: keptMs } = strangerLimits;
    this.#challenged = new Recent(clock, { max, keptMs });
  }

  /** The INVITE was answered with a challenge. */
  note(invite: SipRequest): void {
    this.#challenged.set(callKey(invite), true);
  }

  has(invite: SipRequest): boolean {
    return this.#challenged.get(callKey(invite)) !== null;
  }
}
