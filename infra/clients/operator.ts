/** An operator of the edge: requests to /v1 and to the SIP API with a token that has `sip.admin`. */
import { AccessToken } from 'livekit-server-sdk';

export type Operator = (
  method: string,
  path: string,
  body?: object,
) => Promise<Record<string, unknown>>;

export interface OperatorAccess {
  readonly edgeUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** Asks and gives back the JSON of the answer. It throws an Error with the edge's own words for any status but 2xx. */
export async function operatorOf(access: OperatorAccess): Promise<Operator> {
  const token = new AccessToken(access.apiKey, access.apiSecret, { identity: 'ops', ttl: '6h' });
  token.addSIPGrant({ admin: true });
  const authorization = `Bearer ${await token.toJwt()}`;
  return async (method, path, body) => {
    const response = await fetch(`${access.edgeUrl}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  };
}

/** Waits until what is published in KV is the newest revision. */
export async function published(operator: Operator): Promise<void> {
  for (;;) {
    const status = await operator('GET', '/v1/routing/status');
    if (status['published_revision'] === status['revision']) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
