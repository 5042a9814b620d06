/** A log is read by many. This run uses every secret there is, provokes every error that is easy to provoke, and searches every line. */
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { agentIn, dial, dialUntilAnswered } from './phone-calls.ts';
import {
  caller,
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
  unknownNumber,
} from './routed-stack.ts';

const [number = ''] = numbers;
const webhookSecret = `whsec_${Buffer.alloc(32, 11).toString('base64')}`;
const wrongPassword = 'not-the-password-of-alice';
let stack: RoutedStack;
let phone: SipPhone;
let agent: Agent;
const answers: string[] = [];

beforeAll(async () => {
  stack = await startRoutedStack({
    logLevel: 'debug',
    edgeVariables: { WEBHOOK_LOOPBACK: 'true' },
  });
  phone = await SipPhone.open('127.0.0.2');
  agent = await agentIn(stack, number);
});
afterAll(async () => {
  await agent?.leave();
  phone?.close();
  await stack?.stop();
});

/** Asks the edge and keeps what it answers. */
async function ask(path: string, token: string, body: string, method = 'POST'): Promise<number> {
  const response = await fetch(`${stack.edge.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
  });
  answers.push(await response.text());
  return response.status;
}

describe('no secret', () => {
  it('stands in any line or answer of a run with good calls, bad calls and broken requests', async () => {
    const call = await dialUntilAnswered(stack, phone, number);
    call.hangUp();
    await call.ended;
    const refused = await dial(stack, phone, number, { password: wrongPassword });
    expect(await refused.answer).toMatchObject({ kind: 'refused' });
    expect(await (await dial(stack, phone, unknownNumber)).answer).toMatchObject({ status: 404 });

    const nodeToken = stack.edge.secrets.nodeTokens['local'] ?? '';
    const { apiKey, apiSecret } = stack.livekit;
    const apiToken = new AccessToken(apiKey, apiSecret, { ttl: 60 });
    apiToken.addSIPGrant({ admin: true });
    const jwt = await apiToken.toJwt();
    const trunk = JSON.stringify({ trunk: { auth_password: caller.password, no_such_field: 1 } });
    expect(await ask('/v1/offers', nodeToken, '{"credentials":')).toBe(400);
    expect(await ask('/v1/offers', `${nodeToken}x`, '{}')).toBe(401);
    expect(await ask('/v1/offers', nodeToken, trunk)).toBe(400);
    expect(await ask('/twirp/livekit.SIP/CreateSIPInboundTrunk', `${jwt}x`, trunk)).toBe(401);
    await ask('/twirp/livekit.SIP/CreateSIPInboundTrunk', jwt, trunk);

    // One that cannot be reached, so that deliveries fail, and one that is refused.
    const webhook = { url: 'https://callgate.invalid.', types: ['*'], secrets: [webhookSecret] };
    expect(await ask('/v1/webhooks/bad', jwt, JSON.stringify(webhook), 'PUT')).toBe(400);
    const good = { ...webhook, url: 'https://127.0.0.1:9/' };
    expect(await ask('/v1/webhooks/good', jwt, JSON.stringify(good), 'PUT')).toBe(201);
    expect(await ask('/v1/webhooks/good/test', jwt, '')).toBe(202);
    await eventually('a delivery has failed', () =>
      stack.lines.some((line) => line.includes('"webhook-failed"')),
    );

    stack.edge.kill('SIGKILL');
    await stack.edge.ended;
    expect(await (await dial(stack, phone, number)).answer).toMatchObject({ status: 503 });
    await eventually('the node is idle', () => isNodeIdle(stack));

    const secrets = {
      'API secret': apiSecret,
      'node token': nodeToken,
      'sealing key': stack.edge.secrets.sealingKey,
      'nonce secret': stack.edge.secrets.nonceSecret,
      'webhook secret': webhookSecret.slice('whsec_'.length),
      'trunk password': caller.password,
      'wrong password': wrongPassword,
      'API token': jwt,
    };
    const said = [...stack.lines, ...answers];
    expect(said.length).toBeGreaterThan(10);
    const leaks = Object.entries(secrets).flatMap(([name, secret]) =>
      said.filter((line) => line.includes(secret)).map((line) => `${name}: ${line.slice(0, 200)}`),
    );
    expect(leaks).toEqual([]);
    // Room tokens are JSON Web Tokens; digest answers are 32 or 64 hexadecimal digits after `response`.
    const shapes = /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}|response\W{1,4}[0-9a-f]{32}/i;
    expect(said.filter((line) => shapes.test(line))).toEqual([]);
  });
});
