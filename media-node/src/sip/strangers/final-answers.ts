/**
 * Final answers given lately, by Call-ID and From tag. A provider that is refused often tries again at once, by other routes or for ever;
 * it gets the same answer again without anybody being asked. Bounded in number and age.
 */
import { strangerLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { Recent } from '../../recent.ts';
import type { SipAnswer } from '../sip-endpoint.ts';
import type { SipRequest } from '../wire/message.ts';

/** Answers after which the same call may well come again: with credentials, another interval, or when we are well again. */
const notFinal: ReadonlySet<number> = new Set([401, 407, 422, 487, 500, 503, 504]);

export class FinalAnswers {
  readonly #given: Recent<SipAnswer>;

  constructor(clock: Clock) {
    const { answersMax: max, answersMs: keptMs } = strangerLimits;
    this.#given = new Recent(clock, { max, keptMs });
  }

  get size(): number {
    return this.#given.size;
  }

  /** Remembers a refusal. */
  note(invite: SipRequest, answer: SipAnswer): void {
    if (answer.status < 400 || notFinal.has(answer.status) || invite.fromTag === '') return;
    this.#given.set(callKey(invite), answer);
  }

  /** The answer to give again; null when the INVITE is new. */
  find(invite: SipRequest): SipAnswer | null {
    return this.#given.get(callKey(invite));
  }
}

/** What names a call before it has a dialog. */
export function callKey({ callId, fromTag }: SipRequest): string {
  return `${callId}\n${fromTag}`;
}
