/**
 * LiveKit API tokens: the one credential operators and SDKs know (JWT HS256, `iss` = API key). They open the LiveKit API and the
 * operator routes of `/v1` alike, by the grant `sip.admin`.
 */
import { type ClaimGrants, TokenVerifier } from 'livekit-server-sdk';
import { apiCredentialOf, type Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { bearerOf } from './bearer.ts';

export type ApiToken =
  | { kind: 'valid'; claims: ClaimGrants }
  /** No token was shown at all. */
  | { kind: 'absent' }
  /** Not a bearer token, expired, not yet valid, of another key, or signed with another secret. */
  | { kind: 'invalid' };

/** Reads and verifies the API token of a request: header, else query parameter `access_token`. @throws ConfigError */
export async function apiTokenOf(request: Request, env: Env): Promise<ApiToken> {
  const { apiKey, apiSecret } = apiCredentialOf(env);
  const bearer = bearerOf(request);
  if (bearer.kind === 'malformed') return { kind: 'invalid' };
  const token =
    bearer.kind === 'token' ? bearer.token : new URL(request.url).searchParams.get('access_token');
  if (token === null || token === '') return { kind: 'absent' };
  try {
    return { kind: 'valid', claims: await new TokenVerifier(apiKey, apiSecret).verify(token) };
  } catch {
    // Why a token is wrong is nobody's business but the signer's.
    return { kind: 'invalid' };
  }
}

/** Lets an operator pass. Returns who it is (the token's identity, else its key). @throws Problem `unauthenticated`, `forbidden` */
export async function requireSipAdmin(request: Request, env: Env): Promise<string> {
  const token = await apiTokenOf(request, env);
  if (token.kind !== 'valid')
    throw new Problem(
      'unauthenticated',
      'authorization: expected Bearer and a LiveKit API token that is in force',
      { headers: { 'www-authenticate': 'Bearer realm="callgate"' } },
    );
  if (token.claims.sip?.admin !== true)
    throw new Problem('forbidden', 'authorization: expected a token with the grant sip.admin');
  return authorOf(token.claims);
}

/** Who is named as the author of a change: identity, else API key. */
export function authorOf(claims: ClaimGrants): string {
  return (claims.sub ?? claims.iss ?? '').slice(0, 256);
}
