/**
 * The SIP side of one call: says what a reason of the table of outcomes means on the wire, and remembers which final answer went out. A call
 * that has not been answered is refused; one that has been ends with BYE.
 */
import { type OutcomeReason, outcomes } from '@callgate/shared/call/outcome.ts';
import type { ChallengeDecision, Decision } from '@callgate/shared/contract/decision.ts';
import type { LineLimit } from '../line-limit.ts';
import type { Log } from '../ops/log.ts';
import type {
  InviteRequest,
  ReferOutcome,
  ReferRequest,
  SipAnswer,
  SipCall,
  SipCallEvents,
  SipHeader,
} from '../sip/sip-endpoint.ts';
import { givenReason } from './given-reason.ts';
import { challengeAnswer, reasonHeader, refusal } from './sip-answers.ts';

export class SipLeg {
  readonly #sip: SipCall;
  readonly #log: Log;
  readonly #refusals: LineLimit;
  #explanation: string | null = null;
  #given: string | null = null;

  /** @param refusals of all calls: whoever is refused again and again has a line a second */
  constructor(sip: SipCall, log: Log, refusals: LineLimit) {
    this.#sip = sip;
    this.#log = log;
    this.#refusals = refusals;
  }

  get invite(): InviteRequest {
    return this.#sip.invite;
  }

  /** The final status that went out; null: none yet, or silence. A 200 that waits for a PRACK has not. */
  get status(): number | null {
    return this.#sip.finalStatus;
  }

  /** Why the call was refused, and what the caller gave as the reason of its BYE or CANCEL; null: neither. */
  get explanation(): string | null {
    const all = [this.#explanation, this.#given].filter((one) => one !== null);
    return all.length === 0 ? null : all.join(' ');
  }

  /** Whether the edge will most likely let the caller in. Nobody else may have a port bound by answering a challenge with anything. */
  get mayOpenEarly(): boolean {
    const { credentials, isFamiliar } = this.invite;
    return credentials !== null && isFamiliar;
  }

  listen(events: SipCallEvents): void {
    this.#sip.listen({
      ...events,
      onCancel: (reason = '') => {
        this.#given = givenReason(reason);
        events.onCancel(reason);
      },
      onBye: (reason) => {
        this.#given = givenReason(reason);
        events.onBye(reason);
      },
    });
  }

  /** What the decision says of the caller's credentials. */
  heed(decision: Decision): void {
    if ('credentials_are_right' in decision && decision.credentials_are_right === true)
      this.#sip.credentialsAreRight();
  }

  ring(): void {
    this.#sip.provisional({ status: 180, phrase: 'Ringing' });
  }

  /** Early media: 183 with our description. */
  progress(body: NonNullable<SipAnswer['body']>): void {
    this.#sip.provisional({ status: 183, phrase: 'Session Progress', body });
  }

  /** Where the caller made no offer and what we say must arrive, ours comes before the answer: 180 with it (RFC 3262 §5). */
  get wantsOfferEarly(): boolean {
    const { requiresReliable, body } = this.invite;
    return requiresReliable && body.length === 0;
  }

  ringWith(offer: NonNullable<SipAnswer['body']>): void {
    this.#sip.provisional({ status: 180, phrase: 'Ringing', body: offer });
  }

  challenge(decision: ChallengeDecision): void {
    const { reason, is_guess: isGuess = reason === 'bad-credentials' } = decision;
    this.#sip.refuse(challengeAnswer(decision), isGuess);
  }

  drop(): void {
    this.#sip.drop();
  }

  accept(answer: Pick<SipAnswer, 'headers' | 'body'>): void {
    this.#sip.accept({ status: 200, phrase: 'OK', ...answer });
  }

  /** @param more headers beside Reason and Retry-After */
  refuse(reason: OutcomeReason, explanation: string, more: readonly SipHeader[] = []): void {
    const { headers = [], ...bare } = refusal(reason, Math.random());
    const answer = { ...bare, headers: [...headers, ...more] };
    this.#explanation = explanation;
    this.#sip.refuse(answer);
    const source = this.invite.source.address;
    const unsaid = this.#refusals.take(source);
    if (unsaid === null) return;
    this.#log(outcomes[reason].result === 'platform' ? 'warn' : 'info', 'call-refused', {
      source,
      reason,
      sip_status: answer.status,
      why: explanation,
      not_logged: unsaid,
    });
  }

  /** Asks the caller to call somebody else. @throws PartError for a URI that is none */
  refer(request: ReferRequest): Promise<ReferOutcome> {
    return this.#sip.refer(request);
  }

  /** BYE with its Reason and further headers, or a refusal when the 200 has not gone out. */
  hangUp(reason: OutcomeReason, headers: readonly SipHeader[] = []): void {
    if (this.status === null) return this.refuse(reason, 'The answer did not go out.', headers);
    this.#sip.bye([reasonHeader(reason), ...headers]).catch((error: unknown) => {
      this.#log('warn', 'bye-failed', { why: error });
    });
  }
}
