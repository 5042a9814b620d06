/** Requests to the Worker under test, in workerd, as nodes and operators send them. */
import { exports } from 'cloudflare:workers';
import { AccessToken, type SIPGrant } from 'livekit-server-sdk';
import { testApiKey, testApiSecret, testNodeToken } from './bindings.ts';

const origin = 'https://edge.test';

/** A request as it comes; `body` is sent as JSON unless it is text or bytes. */
export function send(
  method: string,
  path: string,
  body?: unknown,
  headers = {},
): Promise<Response> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  return exports.default.fetch(
    new Request(origin + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
    }),
  );
}

export function asNode(
  method: string,
  path: string,
  body?: unknown,
  headers = {},
): Promise<Response> {
  return send(method, path, body, { authorization: `Bearer ${testNodeToken}`, ...headers });
}

export async function asAdmin(
  method: string,
  path: string,
  body?: unknown,
  headers = {},
): Promise<Response> {
  const authorization = await apiAuthorization({ admin: true });
  return send(method, path, body, { authorization, ...headers });
}

/** An Authorization value with the given SIP grant. */
export async function apiAuthorization(
  grant: SIPGrant | null,
  { key = testApiKey, secret = testApiSecret, ttl = 600 as number | string } = {},
): Promise<string> {
  const token = new AccessToken(key, secret, { ttl, identity: 'operator' });
  if (grant !== null) token.addSIPGrant(grant);
  return `Bearer ${await token.toJwt()}`;
}

/** The routing table as a document; replaces what an earlier test of the file has left. */
export async function putRouting(document: { trunks?: object[]; rules?: object[] }) {
  const response = await asAdmin('PUT', '/v1/routing', { trunks: [], rules: [], ...document });
  if (!response.ok) throw new Error(`PUT /v1/routing: ${await response.text()}`);
  return (await response.json()) as { revision: number };
}
