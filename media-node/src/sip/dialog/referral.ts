/**
 * A transfer that we asked for: REFER, its answer, and the NOTIFYs that tell what became of the new call (RFC 3515). The subscription is
 * implicit; a BYE ends it.
 */
import { sipReferMs } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../clock.ts';
import type { ReferOutcome, ReferRequest } from '../sip-endpoint.ts';
import type { SipRequest } from '../wire/message.ts';
import { parameterOf } from '../wire/parameters.ts';
import type { RequestResult } from './dialog-peer.ts';
import { bodyOf } from './invite-request.ts';

export class Referral {
  readonly outcome: Promise<ReferOutcome>;
  readonly #number: number;
  readonly #request: Pick<ReferRequest, 'onProgress' | 'onAccepted'>;
  readonly #limit: Timer;
  #settle: (outcome: ReferOutcome) => void = () => {};
  #isAccepted = false;

  /** @param number CSeq of the REFER, which NOTIFYs may name */
  constructor(
    clock: Clock,
    number: number,
    request: Pick<ReferRequest, 'onProgress' | 'onAccepted' | 'timeoutMs'>,
  ) {
    this.#number = number;
    this.#request = request;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#limit = clock.after(request.timeoutMs ?? sipReferMs, () =>
      this.#end({ kind: 'timeout' }),
    );
  }

  /** The caller has answered the REFER, or has not. */
  answered(result: RequestResult): void {
    if (result.kind !== 'answered') return this.#end({ kind: 'timeout' });
    const { status } = result.response;
    if (status >= 300) return this.#end({ kind: 'refused', by: 'caller', status });
    this.#accept();
  }

  /** The call is over. */
  ended(): void {
    this.#end({ kind: 'ended', wasAccepted: this.#isAccepted });
  }

  /**
   * A NOTIFY of this subscription (it may come before the answer to the REFER, RFC 3515 §2.4.4).
   * @returns the status to answer it with
   */
  notified(notify: SipRequest): number {
    const event = notify.plain.get('event') ?? '';
    if (event.split(';')[0]?.trim().toLowerCase() !== 'refer') return 489;
    const id = parameterOf(event, 'id');
    if (id !== null && id !== String(this.#number)) return 481;
    this.#accept();
    const { contentType, body } = bodyOf(notify);
    const isOver = /^terminated/i.test(notify.plain.get('subscription-state') ?? '');
    if (contentType !== 'message/sipfrag' && body.length > 0) return 415;
    const status = fragmentStatus(body);
    if (status !== null && status < 200) this.#request.onProgress?.(status);
    if (status !== null && status >= 200) {
      this.#end(status < 300 ? { kind: 'transferred' } : { kind: 'refused', by: 'target', status });
    } else if (isOver) {
      // The subscription ended without a word on the new call: nobody will tell any more.
      this.#end({ kind: 'timeout' });
    }
    return 200;
  }

  #accept(): void {
    if (!this.#isAccepted) this.#request.onAccepted?.();
    this.#isAccepted = true;
  }

  #end(outcome: ReferOutcome): void {
    this.#limit.cancel();
    this.#settle(outcome);
  }
}

/** Status line at the head of a message/sipfrag body (RFC 3420). */
function fragmentStatus(body: Buffer): number | null {
  const match = /^SIP\/2\.0 ([1-6]\d\d)\b/.exec(body.toString('latin1', 0, 64));
  return match === null ? null : Number(match[1]);
}
