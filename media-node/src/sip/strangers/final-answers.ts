/**
 * Final answers given lately, by Call-ID and From tag. A provider that is refused often tries again at once, by other routes or for ever;
 * it gets the same answer again without anybody being asked. Bounded in number and age.
 */
import { strangerLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import type { SipAnswer } from '../sip-endpoint.ts';
import type { SipRequest } from '../wire/message.ts';

interface Given {
  readonly answer: SipAnswer;
  readonly atMono: number;
}

/** Answers after which the same call may well come again: with credentials, another interval, or when we are well again. */
const notFinal: ReadonlySet<number> = new Set([401, 407, 422, 487, 500, 503, 504]);

export class FinalAnswers {
  readonly #clock: Clock;
  readonly #given = new Map<string, Given>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#given.size;
  }

  /** Remembers a refusal. */
  note(invite: SipRequest, answer: SipAnswer): void {
    if (answer.status < 400 || notFinal.has(answer.status) || invite.fromTag === '') return;
    const key = callKey(invite);
    this.#given.delete(key);
    this.#given.set(key, { answer, atMono: this.#clock.nowMono() });
    const [oldest] = this.#given.keys();
    if (this.#given.size > strangerLimits.answersMax && oldest !== undefined) {
      this.#given.delete(oldest);
    }
  }

  /** The answer to give again; null when the INVITE is new. */
  find(invite: SipRequest): SipAnswer | null {
    const key = callKey(invite);
    const given = this.#given.get(key);
    if (given === undefined) return null;
    if (this.#clock.nowMono() - given.atMono <= strangerLimits.answersMs) return given.answer;
    this.#given.delete(key);
    return null;
  }
}

/** What names a call before it has a dialog. */
export function callKey({ callId, fromTag }: SipRequest): string {
  return `${callId}\n${fromTag}`;
}
