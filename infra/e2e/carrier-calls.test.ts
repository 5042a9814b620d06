/** Calls that come as most calls do: through somebody else's proxy, which stays in the route of the dialog. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { type Kamailio, startKamailio } from '../lab/kamailio.ts';
import type { PhoneCall } from '../phone/phone-call.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import {
  agentIn,
  agentToneHz,
  dial,
  dialUntilAnswered,
  hearsTone,
  phoneToneHz,
} from './phone-calls.ts';
import {
  deskRoom,
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

let stack: RoutedStack;
let phone: SipPhone;
let carrier: Kamailio | null = null;
const agents: Agent[] = [];

beforeAll(async () => {
  stack = await startRoutedStack({ departureTimeoutS: 1 });
  phone = await SipPhone.open('127.0.0.2');
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.leave();
  await carrier?.stop();
  carrier = null;
});
afterAll(async () => {
  phone?.close();
  await stack?.stop();
});

async function callThrough(dropEvery: number, number: string): Promise<PhoneCall> {
  carrier = await startKamailio({ target: stack.node.sip, dropEvery });
  agents.push(await agentIn(stack, number));
  return dialUntilAnswered(stack, phone, number, { through: carrier.sip });
}

describe('through kamailio', () => {
  it('a call is answered, heard both ways, and its BYE takes the recorded route', async () => {
    const [number = ''] = numbers;
    const call = await callThrough(0, number);
    await hearsTone(() => call.heard(), agentToneHz);
    await hearsTone(() => agents[0]?.heard() ?? call.heard(), phoneToneHz);
    call.hangUp();
    expect(await call.ended).toBe('phone');
    expect(call.timeline.entries.at(-1)?.event).toBe('200 to BYE');
    await eventually('the node is idle', () => isNodeIdle(stack));
  });

  it('a call that the room ends gets its BYE by the same route', async () => {
    const [, number = ''] = numbers;
    const call = await callThrough(0, number);
    await call.answer;
    await hearsTone(() => call.heard(), agentToneHz);
    await stack.rooms.deleteRoom(deskRoom(number));
    expect(await call.ended).toBe('node');
    await eventually('the node is idle', () => isNodeIdle(stack));
  });

  it('a call whose every fifth message is lost is set up and ended all the same', async () => {
    const [, , number = ''] = numbers;
    const call = await callThrough(5, number);
    await hearsTone(() => call.heard(), agentToneHz);
    call.hangUp();
    expect(await call.ended).toBe('phone');
    await eventually('the carrier tells of two', () => (carrier?.dropped ?? 0) > 1);
    await eventually('the node is idle', () => isNodeIdle(stack), 40_000);
  });

  it('a caller who gives up gets 487 by the same route', async () => {
    const [, , , number = ''] = numbers;
    carrier = await startKamailio({ target: stack.node.sip });
    const call = await dial(stack, phone, number, { through: carrier.sip });
    await eventually('it rings', () => call.timeline.at('180 Ringing') !== null);
    call.cancel();
    expect(await call.answer).toMatchObject({ kind: 'refused', status: 487 });
    await eventually('the node is idle', () => isNodeIdle(stack));
  });
});
