/**
 * Whether a deployed edge does its work, asked from outside: health, version, who may do what, and the decision over a call that nobody makes. It changes nothing. Each check
 * says what it saw, so that the failed one says where to look.
 */
import { AccessToken } from 'livekit-server-sdk';
import { version } from '../../edge-worker/src/version.ts';

export interface SmokeTarget {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly seen: string;
}

const timeoutMs = 10_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

export async function smoke(target: SmokeTarget): Promise<readonly Check[]> {
  const token = await operatorToken(target);
  const ask = (method: string, path: string, body?: object, bearer?: string) =>
    request(target.url, method, path, body, bearer);
  const call = { call: { from_user: '+15550199', to_user: 'callgate-smoke', source: '192.0.2.1' } };
  const looks: readonly [name: string, Promise<Answer>, isRight: (answer: Answer) => boolean][] = [
    ['it answers', ask('GET', '/health'), ({ status }) => status === 200],
    [
      `it speaks version ${version.contract} of the contract`,
      ask('GET', '/version'),
      ({ status, text }) => status === 200 && field(text, 'contract') === version.contract,
    ],
    [
      'no node gets in without a token',
      ask('POST', '/v1/offers', {}),
      ({ status }) => status === 401,
    ],
    [
      'no operator gets in without a token',
      ask('GET', '/v1/routing'),
      ({ status }) => status === 401,
    ],
    [
      'the LiveKit API lists trunks',
      ask('POST', '/twirp/livekit.SIP/ListSIPInboundTrunk', {}, token),
      ({ status }) => status === 200,
    ],
    [
      'the routing table can be read',
      ask('GET', '/v1/routing', undefined, token),
      ({ status, text }) => status === 200 && Array.isArray(field(text, 'trunks')),
    ],
    [
      'a call that nobody makes is decided',
      ask('POST', '/v1/routing/simulate', call, token),
      ({ status }) => status === 200,
    ],
  ];
  return await Promise.all(
    looks.map(async ([name, asked, isRight]) => {
      const answer = await asked;
      const seen = `${answer.status} ${answer.text.slice(0, 120)}`.trim();
      return { name, ok: isRight(answer), seen };
    }),
  );
}

async function operatorToken({ apiKey, apiSecret }: SmokeTarget): Promise<string> {
  const token = new AccessToken(apiKey, apiSecret, { ttl: 60, identity: 'smoke' });
  token.addSIPGrant({ admin: true });
  return await token.toJwt();
}

/** Never throws: that nobody answers is an answer. */
async function request(
  url: string,
  method: string,
  path: string,
  body: object | undefined,
  bearer: string | undefined,
): Promise<Answer> {
  try {
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { status: 0, text: error instanceof Error ? error.message : String(error) };
  }
}

/** A member of a JSON object; undefined when the text is none. */
function field(text: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && name in value
      ? (value as Record<string, unknown>)[name]
      : undefined;
  } catch {
    // A proxy's page: none of ours.
    return undefined;
  }
}
