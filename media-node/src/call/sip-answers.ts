/** The SIP answers a call gives, made from the table of outcomes and from decisions. Pure. */
import { type OutcomeReason, outcomes } from '@callgate/shared/call/outcome.ts';
import type { ChallengeDecision } from '@callgate/shared/contract/decision.ts';
import type { SipAnswer, SipHeader } from '../sip/sip-endpoint.ts';

/**
 * Retry-After of a 503, s: spread, so that providers do not come back all at once.
 * @param spread 0 up to 1
 */
export function retryAfterSeconds(spread: number): number {
  return 5 + Math.floor(spread * 11);
}

/** `Reason: Q.850;cause=16;text="..."` (RFC 3326): why a call was refused or ended, for the provider's logs. */
export function reasonHeader(reason: OutcomeReason): SipHeader {
  return { name: 'Reason', value: `Q.850;cause=${outcomes[reason].q850};text="${reason}"` };
}

/**
 * The final answer for a reason of the table. A reason without a status (silence) or with 200 has none and is an error of the caller
 * of this function.
 */
export function refusal(reason: OutcomeReason, spread: number): SipAnswer {
  const { sipStatus, phrase, retryAfter } = outcomes[reason];
  if (sipStatus === null || sipStatus < 300) {
    return { status: 500, phrase: outcomes.internal.phrase, headers: [reasonHeader('internal')] };
  }
  const headers = [reasonHeader(reason)];
  if (retryAfter) headers.push({ name: 'Retry-After', value: String(retryAfterSeconds(spread)) });
  return { status: sipStatus, phrase, headers };
}

/** 401 or 407 with one challenge header per algorithm (RFC 3261 §22, RFC 8760 §2.3). */
export function challengeAnswer(decision: ChallengeDecision): SipAnswer {
  const isProxy = decision.status === 407;
  const name = isProxy ? 'Proxy-Authenticate' : 'WWW-Authenticate';
  return {
    status: decision.status,
    phrase: isProxy ? 'Proxy Authentication Required' : 'Unauthorized',
    headers: decision.challenges.map((value) => ({ name, value })),
  };
}
