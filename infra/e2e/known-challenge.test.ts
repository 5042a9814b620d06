/** The challenge of a phone that calls again: the node says it without asking the edge, and a change of the routing ends that at once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import type { CallAnswer } from '../phone/phone-call.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { asOperator } from './operator.ts';
import { agentIn, dial } from './phone-calls.ts';
import {
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

const [number = ''] = numbers;
const newPassword = 'looking-glass';
let stack: RoutedStack;
let phone: SipPhone;
let agent: Agent;

beforeAll(async () => {
  stack = await startRoutedStack();
  phone = await SipPhone.open('127.0.0.2');
  agent = await agentIn(stack, number);
  await toldOfChange();
});
afterAll(async () => {
  await agent?.leave();
  phone?.close();
  await stack?.stop();
});

/** A call, and what the edge was asked about it. */
async function call(
  password?: string,
): Promise<{ readonly answer: CallAnswer; readonly decisions: readonly unknown[] }> {
  const asked = () => stack.nodeEvents('call-decided').map(({ decision }) => decision);
  const before = asked().length;
  const placed = await dial(stack, phone, number, password === undefined ? {} : { password });
  const answer = await placed.answer;
  if (answer.kind === 'answered') {
    placed.hangUp();
    await placed.ended;
  }
  await eventually('the node is idle', () => isNodeIdle(stack));
  // The last decision of each call here is about credentials, or a refusal; lines of the edge come in their order.
  await eventually('the edge has written its lines', () => {
    const last = stack.nodeEvents('call-decided').slice(before).at(-1);
    return last?.['has_credentials'] === true || last?.['decision'] === 'refuse';
  });
  return { answer, decisions: asked().slice(before) };
}

/** Of two calls one may fall into the next window of keys, and be asked about. */
async function callTwice(password?: string) {
  return [await call(password), await call(password)];
}

/** Waits until the node has been told of the newest revision, as it is within a second. */
async function toldOfChange(): Promise<void> {
  const { body } = await asOperator(stack, 'GET', '/v1/routing');
  const { revision } = body as { revision: number };
  await eventually('the node is told', async () => {
    const text = await (await fetch(`${stack.node.healthUrl}/metrics`)).text();
    return text.includes(`\ncallgate_routing_revision ${revision}\n`);
  });
}

async function trunkId(): Promise<string> {
  const [trunk] = await stack.sip.listSipInboundTrunk();
  return trunk?.sipTrunkId ?? '';
}

describe('a phone', () => {
  it('that calls again is challenged by the node alone, and let in by the edge', async () => {
    expect(await call()).toEqual({
      answer: { kind: 'answered' },
      decisions: ['challenge', 'join'],
    });
    expect(await callTwice()).toContainEqual({
      answer: { kind: 'answered' },
      decisions: ['join'],
    });
  });

  it('is not let in by a password that was changed, and is by the new one', async () => {
    await stack.sip.updateSipInboundTrunkFields(await trunkId(), { authPassword: newPassword });
    await toldOfChange();
    expect(await call()).toMatchObject({
      answer: { kind: 'refused', status: 407 },
      decisions: ['challenge', 'challenge'],
    });
    expect(await call(newPassword)).toMatchObject({
      answer: { kind: 'answered' },
      decisions: ['challenge', 'join'],
    });
    expect(await callTwice(newPassword)).toContainEqual({
      answer: { kind: 'answered' },
      decisions: ['join'],
    });
  });

  it('hears that there is no such number, not a challenge, once the trunk is gone', async () => {
    await stack.sip.deleteSipTrunk(await trunkId());
    await toldOfChange();
    expect(await call(newPassword)).toMatchObject({
      answer: { kind: 'refused', status: 404 },
      decisions: ['refuse'],
    });
  });
});
