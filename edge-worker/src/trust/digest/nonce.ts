/**
 * Nonces without a store: the time of issue, and an HMAC over it and the Call-ID, by a key that fits one source address, one realm and one window of time. Any Worker
 * on earth can tell that a nonce is ours, for this call from this source, and how old it is. A node is given the key of a source whose caller was let in, and makes the
 * nonces of its next calls itself (shared/src/sip/digest-challenge.ts); the secret that keys are made of never leaves the edge.
 */
import { createHmac } from 'node:crypto';
import { challengeLimits, edgeLimits } from '@callgate/shared/limits.ts';
import { digestNonce, timeOfNonce } from '@callgate/shared/sip/digest-challenge.ts';
import { isSameText } from '../constant-time.ts';

export interface KeyScope {
  readonly secret: string;
  /** Address the INVITE came from, text. */
  readonly source: string;
  readonly realm: string;
}

export interface NonceScope extends KeyScope {
  /** Call-ID header: a phone answers a challenge under the Call-ID that was challenged (RFC 3261 §22.2). */
  readonly sipCallId: string;
}

/** Clocks of two sites differ by less than this, ms; a nonce from further in the future is not ours. */
const clockSkewMs = 5_000;

/** The key of nonces that are made in the window around `timeMs`, lower-case hex. */
export function nonceKey({ secret, source, realm }: KeyScope, timeMs: number): string {
  // NUL ends each text, which never holds one, so that no two scopes give the same bytes.
  return createHmac('sha256', secret)
    .update(`nonce key\0${windowOf(timeMs)}\0${source}\0${realm}`)
    .digest('hex');
}

/** How long from `timeMs` on its key can be used, ms. */
export function nonceKeyLeftMs(timeMs: number): number {
  return (windowOf(timeMs) + 1) * challengeLimits.nonceWindowMs - timeMs;
}

export function issueNonce(scope: NonceScope, nowMs: number): string {
  return digestNonce(nonceKey(scope, nowMs), nowMs, scope.sipCallId);
}

/** `expired`: ours, but older than edgeLimits.nonceAgeMs. `foreign`: never issued, or for another source, call or realm. */
export function judgeNonce(
  scope: NonceScope,
  nonce: string,
  nowMs: number,
): 'fresh' | 'expired' | 'foreign' {
  const timeMs = timeOfNonce(nonce) ?? 0;
  if (!isSameText(issueNonce(scope, timeMs), nonce)) return 'foreign';
  const ageMs = nowMs - timeMs;
  if (ageMs < -clockSkewMs) return 'foreign';
  return ageMs > edgeLimits.nonceAgeMs ? 'expired' : 'fresh';
}

function windowOf(timeMs: number): number {
  return Math.floor(timeMs / challengeLimits.nonceWindowMs);
}
