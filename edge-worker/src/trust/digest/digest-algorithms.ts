/**
 * The digest algorithms on offer (RFC 7616, RFC 8760), strongest first, and what is kept of a password: per algorithm HA1, the hash of user,
 * realm and password, which answers challenges of that realm and nothing else.
 */
import { createHash } from 'node:crypto';
import type { digestAlgorithmNames } from '@callgate/shared/routing/trunk-options.ts';

export type DigestAlgorithmName = (typeof digestAlgorithmNames)[number];

export interface DigestAlgorithm {
  /** As written in `algorithm=`; compared in any letter case. */
  readonly name: DigestAlgorithmName;
  /** Lower-case hex of the hash of a text's UTF-8. */
  readonly hash: (text: string) => string;
}

/** All that the edge can judge. HA1 is kept for each, so that a deployment may change what it offers at any time. */
export const digestAlgorithms: readonly DigestAlgorithm[] = [
  { name: 'SHA-256', hash: (text) => createHash('sha256').update(text, 'utf8').digest('hex') },
  { name: 'MD5', hash: (text) => createHash('md5').update(text, 'utf8').digest('hex') },
];

/** What a trunk's credentials look like outside the sealed store. */
export interface DigestCredential {
  readonly username: string;
  readonly realm: string;
  /** Algorithm name -> HA1 in lower-case hex. */
  readonly ha1: Readonly<Record<string, string>>;
}

/** HA1 for every algorithm (RFC 7616 §3.4.2). */
export function digestCredential(
  username: string,
  realm: string,
  password: string,
): DigestCredential {
  const ha1 = Object.fromEntries(
    digestAlgorithms.map(({ name, hash }) => [name, hash(`${username}:${realm}:${password}`)]),
  );
  return { username, realm, ha1 };
}
