/**
 * The digest exchange at the edge (RFC 3261 §22, RFC 7616): challenges and the verdict over an answer. Pure: time and
 * secret come in. A wrong user and a wrong password take the same path and the same time.
 */
import { digestChallenges } from '@callgate/shared/sip/digest-challenge.ts';
import { isSameText } from '../constant-time.ts';
import {
  type DigestAlgorithmName,
  type DigestCredential,
  digestAlgorithms,
} from './digest-algorithms.ts';
import { type DigestTarget, fitsTarget } from './digest-uri.ts';
import { issueNonce, judgeNonce, type NonceScope } from './nonce.ts';
import { parseDigest } from './parse-digest.ts';

/**
 * `stale`: the answer is right but its nonce has expired; the client may try again without asking its user. `foreign`: it answers no challenge that this call
 * had of us from this source, or is no such answer at all; no password was tried.
 */
export type DigestVerdict = 'right' | 'stale' | 'wrong' | 'foreign';

export interface DigestQuestion {
  /** Value of Authorization or Proxy-Authorization. */
  readonly value: string;
  readonly method: string;
  readonly targets: readonly DigestTarget[];
  readonly credential: DigestCredential;
  readonly scope: NonceScope;
  /** An answer by another algorithm is wrong, whatever it holds (RFC 8760 §2.6: no downgrade). */
  readonly offered: readonly DigestAlgorithmName[];
  readonly nowMs: number;
}

/** One header value per algorithm, strongest first. */
export function challengesOf(
  scope: NonceScope,
  offered: readonly DigestAlgorithmName[],
  nowMs: number,
  isStale: boolean,
): string[] {
  const nonce = issueNonce(scope, nowMs);
  return digestChallenges({ realm: scope.realm, nonce, algorithms: offered, isStale });
}

export function judgeDigest(question: DigestQuestion): DigestVerdict {
  const { credential, scope } = question;
  const answer = parseDigest(question.value);
  if (answer === null) return 'foreign';
  const nonce = judgeNonce(scope, answer.nonce, question.nowMs);
  const wrong = nonce === 'foreign' ? 'foreign' : 'wrong';
  const algorithm = digestAlgorithms.find(({ name }) => name.toUpperCase() === answer.algorithm);
  if (algorithm === undefined || !question.offered.includes(algorithm.name)) return wrong;
  if (answer.qop.toLowerCase() !== 'auth') return wrong;
  const ha1 = credential.ha1[algorithm.name] ?? '';
  const ha2 = algorithm.hash(`${question.method}:${answer.uri}`);
  const middle = `${answer.nonce}:${answer.nc}:${answer.cnonce}:${answer.qop}`;
  const expected = algorithm.hash(`${ha1}:${middle}:${ha2}`);
  // All checks are made before any is looked at, so that the time tells nothing about which one failed.
  const checks = [
    isSameText(expected, answer.response.toLowerCase()),
    isSameText(credential.username, answer.username),
    isSameText(credential.realm, answer.realm),
    fitsTarget(answer.uri, question.targets),
    ha1 !== '',
  ];
  if (checks.includes(false) || nonce === 'foreign') return wrong;
  return nonce === 'expired' ? 'stale' : 'right';
}
