/** What an operator's system hears of calls: signed events of real calls, also when the receiver was down, and a list that agrees with them. */
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { agentIn, dial, dialUntilAnswered } from './phone-calls.ts';
import {
  eventually,
  numbers,
  type RoutedStack,
  startRoutedStack,
  unknownNumber,
} from './routed-stack.ts';
import { WebhookReceiver } from './webhook-receiver.ts';

const [number = ''] = numbers;
const receiver = new WebhookReceiver();
let stack: RoutedStack;
let phone: SipPhone;
let agent: Agent;

beforeAll(async () => {
  stack = await startRoutedStack({
    edgeVariables: { WEBHOOK_LOOPBACK: 'true', WEBHOOK_RETRIES: '1,1,1,0,0,0,0,0' },
  });
  phone = await SipPhone.open('127.0.0.2');
  agent = await agentIn(stack, number);
  await receiver.open();
  const { url, secret } = receiver;
  await operator('PUT', '/v1/webhooks/crm', { url, types: ['call.*'], secrets: [secret] });
});
afterAll(async () => {
  await agent?.leave();
  phone?.close();
  await stack?.stop();
  await receiver.close();
});

async function operator(method: string, path: string, body?: object) {
  const token = new AccessToken(stack.livekit.apiKey, stack.livekit.apiSecret, { ttl: 60 });
  token.addSIPGrant({ admin: true });
  const response = await fetch(`${stack.edge.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await token.toJwt()}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

/** Calls, talks for a moment, hangs up. Returns the call's id. */
async function callOnce(whileUp: (callId: string) => Promise<void> = async () => {}) {
  const known = new Set(stack.nodeEvents('call-answered').map((line) => line['call_id']));
  const call = await dialUntilAnswered(stack, phone, number);
  const line = () => stack.nodeEvents('call-answered').find((one) => !known.has(one['call_id']));
  // The answer and the line of it come by two ways.
  await eventually('the log tells of the answer', () => line() !== undefined);
  const callId = String(line()?.['call_id']);
  await whileUp(callId);
  call.hangUp();
  await call.ended;
  return callId;
}

const typesOf = (callId: string) =>
  receiver
    .ofCall(callId)
    .map(({ type }) => type)
    .toSorted();
const whole = ['call.answered', 'call.ended', 'call.ringing', 'call.started'];

describe('webhooks', () => {
  it('tell of a call while it is up and when it has ended, signed, with what became of it', async () => {
    const callId = await callOnce(async (id) => {
      await eventually('the answer is told while the call is up', () =>
        typesOf(id).includes('call.answered'),
      );
      const { calls } = await operator('GET', '/v1/calls?state=live');
      expect(calls).toMatchObject([{ call_id: id, room_name: `desk_${number}` }]);
    });
    await eventually('all is told', () => typesOf(callId).length === 4);
    expect(typesOf(callId)).toEqual(whole);
    const ended = receiver.ofCall(callId).find(({ type }) => type === 'call.ended');
    expect(ended?.data).toMatchObject({
      to_user: number,
      node: 'local',
      reason: 'caller-hung-up',
      ended_by: 'caller',
      sip_status: 200,
      media: { codec: expect.any(String) },
    });
    const { records } = await operator('GET', `/v1/calls/${callId}`);
    expect(records).toMatchObject([
      {
        reason: 'caller-hung-up',
        timeline: expect.arrayContaining([{ after_ms: expect.any(Number), step: 'answered' }]),
        trace: { trunks: [{ chosen: true }], rules: [{ chosen: true }] },
      },
    ]);
    expect(receiver.forged).toBe(0);
  });

  it('tell of a refused call why it was refused', async () => {
    expect(await (await dial(stack, phone, unknownNumber)).answer).toMatchObject({ status: 404 });
    const refused = () => receiver.taken.find(({ type }) => type === 'call.refused');
    await eventually('the refusal is told', () => refused() !== undefined);
    expect(refused()?.data).toMatchObject({
      to_user: unknownNumber,
      reason: 'no-trunk',
      ended_by: 'callgate',
      sip_status: 404,
    });
    const { calls } = await operator('GET', `/v1/calls?to=${encodeURIComponent(unknownNumber)}`);
    expect(calls).toMatchObject([{ reason: 'no-trunk', state: 'refused' }]);
  });

  it('tell of a call beyond the cap of its trunk, which is taken when the one before has ended', async () => {
    const [trunk] = await stack.sip.listSipInboundTrunk();
    const metadata = JSON.stringify({ callgate: { max_calls: 1 } });
    await stack.sip.updateSipInboundTrunkFields(trunk?.sipTrunkId ?? '', { metadata });
    await callOnce(async () => {
      const second = await dial(stack, phone, number);
      expect(await second.answer).toMatchObject({ kind: 'refused', status: 486 });
    });
    const full = () => receiver.taken.find(({ data }) => data['reason'] === 'trunk-full');
    await eventually('the refusal is told', () => full() !== undefined);
    expect(full()?.data['explanation']).toContain('max_calls (1)');
    const counted = async () =>
      (await operator('GET', `/v1/trunks/${trunk?.sipTrunkId}/calls`))['counted'];
    await eventually('the record has made room', async () => (await counted()) === 0);
    await callOnce();
    await stack.sip.updateSipInboundTrunkFields(trunk?.sipTrunkId ?? '', { metadata: '' });
  });

  it('come when the receiver is up again, each counted once', async () => {
    await receiver.close();
    const callId = await callOnce();
    await eventually('the edge has tried', () =>
      stack.lines.some((line) => line.includes('"webhook-failed"') && line.includes(callId)),
    );
    await receiver.open();
    await eventually('all is told', () => typesOf(callId).length === 4, 30_000);
    expect(typesOf(callId)).toEqual(whole);
  });

  it('that nobody takes are kept, and sent again on demand', async () => {
    receiver.status = 503;
    const callId = await callOnce();
    const dead = async () => {
      const answer = await operator('GET', '/v1/dead-letters?webhook=crm');
      return answer['dead_letters'] as { why: string; event: { id: string } }[];
    };
    await eventually('four letters are dead', async () => (await dead()).length === 4, 60_000);
    expect((await dead())[0]?.why).toBe('not taken in 9 tries');
    expect(receiver.turnedAway).toBeGreaterThanOrEqual(4 * 9);
    receiver.status = null;
    expect(await operator('POST', '/v1/dead-letters/replay', { webhook: 'crm' })).toEqual({
      replayed: 4,
    });
    await eventually('all is told', () => typesOf(callId).length === 4);
    expect(await dead()).toEqual([]);
  });
});
