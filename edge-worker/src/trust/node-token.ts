/**
 * Media nodes show who they are by a bearer token. Tokens of enrolled nodes are known to their link object, those of NODE_TOKENS to the Worker; both know the SHA-256
 * alone, so that a look at settings or storage gives nobody a token.
 */
import { type Env, nodeTokensOf, sealingKeyOf } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { nodeLinkOf } from '../nodes/node-link-of.ts';
import { bearerOf } from './bearer.ts';
import { sha256Hex } from './constant-time.ts';
import { readNodeSecret } from './node-secret.ts';

export interface NodeCredential {
  readonly name: string;
  readonly hash: string;
  /** It stands in NODE_TOKENS, which needs no look-up and cannot be revoked but there. */
  readonly isConfigured: boolean;
}

/** Hashes of tokens that were let in: a node sends the same one with every offer, and hashing it is a tenth of a decision. A stranger puts nothing here. */
const hashes = new Map<string, string>();
const hashesMax = 256;

/** The credential of a request: one of NODE_TOKENS, or one that was made here and may be in force. @throws Problem `unauthenticated`, ConfigError */
export function credentialOf(request: Request, env: Env): NodeCredential {
  const tokens = nodeTokensOf(env);
  const bearer = bearerOf(request);
  if (bearer.kind !== 'token') throw unauthenticated();
  const hash = hashes.get(bearer.token) ?? sha256Hex(bearer.token);
  // Whoever could use the time of this look-up would have to find tokens by their hash first.
  const name = tokens.get(hash);
  if (name !== undefined) {
    remember(bearer.token, hash);
    return { name, hash, isConfigured: true };
  }
  const secret = readNodeSecret('token', bearer.token, sealingKeyOf(env));
  if (secret === null) throw unauthenticated();
  return { name: secret.name, hash, isConfigured: false };
}

function remember(token: string, hash: string): void {
  if (hashes.size >= hashesMax) hashes.clear();
  hashes.set(token, hash);
}

/** The name of the node that sent the request. @throws Problem `unauthenticated`, ConfigError */
export async function requireNode(request: Request, env: Env): Promise<string> {
  const { name, hash, isConfigured } = credentialOf(request, env);
  if (!isConfigured && !(await nodeLinkOf(env, name).accepts(hash))) throw unauthenticated();
  return name;
}

function unauthenticated(): Problem {
  return new Problem('unauthenticated', 'authorization: expected Bearer and a node token', {
    headers: { 'www-authenticate': 'Bearer realm="callgate node"' },
  });
}
