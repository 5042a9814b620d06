/**
 * Media nodes show who they are by a bearer token. The Worker knows only the SHA-256 of each (NODE_TOKENS), so that a
 * look at its settings gives nobody a token.
 */
import { type Env, nodeTokensOf } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { bearerOf } from './bearer.ts';
import { isSameText, sha256Hex } from './constant-time.ts';

/** The name of the node that sent the request. @throws Problem `unauthenticated`, ConfigError */
export function requireNode(request: Request, env: Env): string {
  const tokens = nodeTokensOf(env);
  const bearer = bearerOf(request);
  if (bearer.kind === 'token') {
    const hash = sha256Hex(bearer.token);
    for (const [known, name] of tokens) if (isSameText(known, hash)) return name;
  }
  throw new Problem('unauthenticated', 'authorization: expected Bearer and a node token', {
    headers: { 'www-authenticate': 'Bearer realm="callgate node"' },
  });
}
