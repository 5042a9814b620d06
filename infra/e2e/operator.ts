/** An operator at the edge: requests to `/v1` with an API token of the stack. */
import { AccessToken, type SIPGrant, type VideoGrant } from 'livekit-server-sdk';
import type { Stack } from '../local/stack.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export async function apiToken(
  { livekit }: Pick<Stack, 'livekit'>,
  grants: { readonly sip?: SIPGrant; readonly video?: VideoGrant },
): Promise<string> {
  const token = new AccessToken(livekit.apiKey, livekit.apiSecret, {
    identity: 'operator',
    ttl: 600,
  });
  if (grants.sip !== undefined) token.addSIPGrant(grants.sip);
  if (grants.video !== undefined) token.addGrant(grants.video);
  return token.toJwt();
}

/** Asks the edge with the grant `sip.admin`. */
export async function asOperator(
  stack: Pick<Stack, 'livekit' | 'edge'>,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const token = await apiToken(stack, { sip: { admin: true } });
  const response = await fetch(stack.edge.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

export interface ListedNode {
  readonly name: string;
  readonly link: {
    readonly status: { readonly state: string; readonly calls: number } | null;
  } | null;
}

/** What the edge says of the node of the stack. */
export async function listedNode(stack: Pick<Stack, 'livekit' | 'edge'>): Promise<ListedNode> {
  const { body } = await asOperator(stack, 'GET', '/v1/nodes');
  const [node] = (body as { nodes: ListedNode[] }).nodes;
  if (node === undefined) throw new Error('the edge knows no node');
  return node;
}
