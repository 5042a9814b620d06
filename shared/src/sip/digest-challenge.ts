/**
 * Challenges of the digest scheme (RFC 3261 §22, RFC 7616) as they stand in a header, and the making of their nonces. One for the edge and for a node that
 * says a challenge in its place: the edge judges the answer, and must not find out who has asked. Pure: time and key come in.
 */
import { createHmac } from 'node:crypto';

export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  /** Names as in `algorithm=`, strongest first. */
  readonly algorithms: readonly string[];
  /** The answer was right, but to a nonce that has expired. */
  readonly isStale?: boolean;
}

/** Header values, one per algorithm, all with the same nonce (RFC 8760 §2.4). */
export function digestChallenges({
  realm,
  nonce,
  algorithms,
  isStale = false,
}: DigestChallenge): string[] {
  const stale = isStale ? ', stale=true' : '';
  return algorithms.map(
    (name) =>
      `Digest realm="${quote(realm)}", nonce="${nonce}"${stale}, algorithm=${name}, qop="auth"`,
  );
}

/**
 * The nonce of one call: 12 hex digits of its time, 32 of an HMAC-SHA-256 over that and the Call-ID.
 * @param key lower-case hex; of one source, realm and window of time
 * @param timeMs ms since epoch, whole
 * @param sipCallId a phone answers a challenge under the Call-ID that was challenged (RFC 3261 §22.2)
 */
export function digestNonce(key: string, timeMs: number, sipCallId: string): string {
  const time = timeMs.toString(16).padStart(12, '0');
  const mac = createHmac('sha256', Buffer.from(key, 'hex'))
    .update(`${time}\0${sipCallId}`)
    .digest('hex');
  return time + mac.slice(0, 32);
}

/** The time in a nonce of ours, ms since epoch; null: not of our form. */
export function timeOfNonce(nonce: string): number | null {
  return /^[0-9a-f]{44}$/.test(nonce) ? Number.parseInt(nonce.slice(0, 12), 16) : null;
}

function quote(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}
