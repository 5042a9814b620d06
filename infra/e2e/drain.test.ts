/** A node is taken out of service: nobody is cut off before the deadline, nobody new is taken, and nothing is left. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { askOptions } from '../phone/ask-options.ts';
import type { PhoneCall } from '../phone/phone-call.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { asOperator, listedNode } from './operator.ts';
import { agentIn, agentToneHz, dial, dialUntilAnswered, hearsTone } from './phone-calls.ts';
import { eventually, numbers, type RoutedStack, startRoutedStack } from './routed-stack.ts';

const [number = '', other = ''] = numbers;

let stack: RoutedStack;
let phone: SipPhone;
let agent: Agent;
let call: PhoneCall;

beforeAll(async () => {
  stack = await startRoutedStack({ nodeEnvironment: { CALLGATE_DRAIN_SECONDS: '60' } });
  phone = await SipPhone.open('127.0.0.2');
  agent = await agentIn(stack, number);
});
afterAll(async () => {
  await agent?.leave();
  phone?.close();
  // The node drains on SIGTERM here; its last call has ended by now.
  await stack?.stop();
});

async function callUp(): Promise<PhoneCall> {
  call = await dialUntilAnswered(stack, phone, number);
  return call;
}

const order = (action: string, body?: object) =>
  asOperator(stack, 'POST', `/v1/nodes/local/${action}`, body);
const stateAtTheEdge = async () => (await listedNode(stack)).link?.status?.state;

describe('a drained node', () => {
  it('refuses new calls with 503 and Retry-After, tells load balancers and the edge, and keeps its calls', async () => {
    await callUp();
    await eventually('the edge knows of the call', async () => {
      return (await listedNode(stack)).link?.status?.calls === 1;
    });
    expect(await askOptions(stack.node.sip)).toMatch(/^SIP\/2\.0 200 /);
    expect((await order('drain', { exit: false })).status).toBe(200);

    const refused = await dial(stack, phone, other);
    expect(await refused.answer).toMatchObject({ kind: 'refused', status: 503 });
    const answer = await askOptions(stack.node.sip);
    expect(answer).toMatch(/^SIP\/2\.0 503 /);
    expect(answer).toMatch(/\r\nRetry-After: ([5-9]|1[0-5])\r\n/);
    await eventually('the edge shows it', async () => (await stateAtTheEdge()) === 'draining');
    expect((await fetch(`${stack.node.healthUrl}/health`)).status).toBe(503);

    await hearsTone(() => call.heard(), agentToneHz);
  });

  it('takes calls again when it is taken back', async () => {
    expect((await order('undrain')).status).toBe(200);
    expect(await askOptions(stack.node.sip)).toMatch(/^SIP\/2\.0 200 /);
    await eventually('the edge shows it', async () => (await stateAtTheEdge()) === 'accepting');
  });

  it('ends its calls at the deadline, delivers their records and ends with status 0', async () => {
    expect((await order('drain', { deadline_s: 1 })).status).toBe(200);
    expect(await call.ended).toBe('node');
    expect(await stack.node.ended).toBe('status 0');
    await eventually('the participant has left', () => agent.others.length === 0);
    const [ended] = stack.nodeEvents('call-ended');
    const { status, body } = await asOperator(stack, 'GET', `/v1/calls/${ended?.['call_id']}`);
    expect([status, body]).toMatchObject([
      200,
      { records: [{ record: { reason: 'node-stopped' } }] },
    ]);
  });
});

describe('SIGTERM', () => {
  it('lets the call that is up go on until it ends, then ends the node with status 0', async () => {
    await stack.restartNode();
    await callUp();
    stack.node.kill('SIGTERM');
    await eventually('the node drains', async () => (await stateAtTheEdge()) === 'draining');
    await hearsTone(() => call.heard(), agentToneHz);
    call.hangUp();
    expect(await call.ended).toBe('phone');
    expect(await stack.node.ended).toBe('status 0');
  });

  it('sent twice ends calls at once', async () => {
    await stack.restartNode();
    await callUp();
    stack.node.kill('SIGTERM');
    await eventually('the node drains', async () => (await stateAtTheEdge()) === 'draining');
    stack.node.kill('SIGTERM');
    expect(await call.ended).toBe('node');
    expect(await stack.node.ended).toBe('status 0');
  });
});
