/**
 * Nonces without a store: the time of issue, and an HMAC over time, source address, Call-ID and realm. Any Worker on earth can tell
 * that a nonce is ours, for this call from this source, and how old it is. Format: 12 hex digits of ms since epoch, 32 of HMAC-SHA-256.
 */
import { createHmac } from 'node:crypto';
import { edgeLimits } from '@callgate/shared/limits.ts';
import { isSameText } from '../constant-time.ts';

export interface NonceScope {
  readonly secret: string;
  /** Address the INVITE came from, text. */
  readonly source: string;
  /** Call-ID header: a phone answers a challenge under the Call-ID that was challenged (RFC 3261 §22.2). */
  readonly sipCallId: string;
  readonly realm: string;
}

/** Clocks of two sites differ by less than this, ms; a nonce from further in the future is not ours. */
const clockSkewMs = 5_000;

export function issueNonce(scope: NonceScope, nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0');
  return time + macOf(scope, time);
}

/** `expired`: ours, but older than edgeLimits.nonceAgeMs. `foreign`: never issued, or for another source, call or realm. */
export function judgeNonce(
  scope: NonceScope,
  nonce: string,
  nowMs: number,
): 'fresh' | 'expired' | 'foreign' {
  const match = /^([0-9a-f]{12})([0-9a-f]{32})$/.exec(nonce);
  const time = match?.[1] ?? '';
  if (!isSameText(macOf(scope, time), match?.[2] ?? '')) return 'foreign';
  const ageMs = nowMs - Number.parseInt(time, 16);
  if (ageMs < -clockSkewMs) return 'foreign';
  return ageMs > edgeLimits.nonceAgeMs ? 'expired' : 'fresh';
}

function macOf(scope: NonceScope, time: string): string {
  // NUL ends each text, which never holds one, so that no two scopes give the same bytes.
  return createHmac('sha256', scope.secret)
    .update(`nonce\0${time}\0${scope.source}\0${scope.sipCallId}\0${scope.realm}`)
    .digest('hex')
    .slice(0, 32);
}
