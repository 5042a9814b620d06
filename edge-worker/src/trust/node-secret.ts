/**
 * Enrolment codes and node tokens: `<name>.<random>.<check>`. The name says which object knows the hash; the check is a MAC of ours, so that what somebody made up is
 * refused here and costs no object a request. Neither is stored anywhere but as SHA-256.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { nodeName } from '@callgate/shared/contract/hello.ts';
import { isSameText, sha256Hex } from './constant-time.ts';

export type NodeSecretKind = 'token' | 'code';

export interface NodeSecret {
  readonly text: string;
  readonly name: string;
  /** SHA-256 of the text, lower-case hex. */
  readonly hash: string;
}

const randomBytesOf: Readonly<Record<NodeSecretKind, number>> = { token: 32, code: 16 };

/** @param key the Worker's sealing key */
export function makeNodeSecret(kind: NodeSecretKind, name: string, key: Uint8Array): NodeSecret {
  const body = `${name}.${randomBytes(randomBytesOf[kind]).toString('base64url')}`;
  const text = `${body}.${checkOf(kind, body, key)}`;
  return { text, name, hash: sha256Hex(text) };
}

/** null: it was not made here, or for something else. */
export function readNodeSecret(
  kind: NodeSecretKind,
  text: string,
  key: Uint8Array,
): NodeSecret | null {
  const parts = /^(([a-z0-9-]{1,63})\.[A-Za-z0-9_-]{20,64})\.([0-9a-f]{16})$/.exec(text);
  const [, body = '', name = '', check = ''] = parts ?? [];
  if (parts === null || !nodeName.safeParse(name).success) return null;
  return isSameText(checkOf(kind, body, key), check) ? { text, name, hash: sha256Hex(text) } : null;
}

function checkOf(kind: NodeSecretKind, body: string, key: Uint8Array): string {
  return createHmac('sha256', key).update(`node ${kind}\n${body}`).digest('hex').slice(0, 16);
}
