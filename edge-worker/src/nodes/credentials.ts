/**
 * What the edge keeps of a node's right to be one: the hash of its token, for a while that of the token before it, and that of a code that may still be traded for
 * a token. Pure.
 */
import { enrolmentLimits } from '@callgate/shared/limits.ts';

interface Expiring {
  readonly hash: string;
  readonly untilMs: number;
}

export interface Credentials {
  readonly token: string | null;
  /** The token before a rotation: requests that are under way still carry it. */
  readonly previous: Expiring | null;
  readonly code: Expiring | null;
}

export const noCredentials: Credentials = { token: null, previous: null, code: null };

/** A new code; one that was not used is worth nothing any more. */
export function withCode(credentials: Credentials, hash: string, nowMs: number): Credentials {
  return { ...credentials, code: { hash, untilMs: nowMs + enrolmentLimits.codeMs } };
}

/** Trades a code for a token, once; tokens from before are worth nothing any more. null: the code is not in force. */
export function enrolled(
  { code }: Credentials,
  codeHash: string,
  tokenHash: string,
  nowMs: number,
): Credentials | null {
  if (code === null || code.hash !== codeHash || code.untilMs <= nowMs) return null;
  return { token: tokenHash, previous: null, code: null };
}

/** A new token in place of the one shown. null: the one shown is not in force. */
export function rotated(
  credentials: Credentials,
  shownHash: string,
  tokenHash: string,
  nowMs: number,
): Credentials | null {
  if (!accepts(credentials, shownHash, nowMs)) return null;
  const previous = { hash: shownHash, untilMs: nowMs + enrolmentLimits.overlapMs };
  return { ...credentials, token: tokenHash, previous };
}

/** Whether a token is in force. The hashes are of random text: nothing is learnt from how long a comparison takes. */
export function accepts({ token, previous }: Credentials, hash: string, nowMs: number): boolean {
  return hash === token || (previous?.hash === hash && nowMs < previous.untilMs);
}
