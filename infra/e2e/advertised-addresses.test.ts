/** A node on all addresses of its machine that is known by one to some networks and by another to the rest: what it says of itself, and that calls go through there. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import {
  agentIn,
  agentToneHz,
  dialUntilAnswered,
  phoneToneHz,
  toneAtTheEnd,
} from './phone-calls.ts';
import {
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

const advertised = '127.0.0.3/32=127.0.0.7, 127.0.0.8';

let stack: RoutedStack;
let agent: Agent | null = null;
let phone: SipPhone | null = null;

beforeAll(async () => {
  stack = await startRoutedStack({
    departureTimeoutS: 1,
    nodeEnvironment: {
      CALLGATE_SIP_LISTEN: '0.0.0.0:0',
      CALLGATE_MEDIA_ADDRESS: '0.0.0.0',
      CALLGATE_SIP_ADVERTISE: advertised,
      CALLGATE_MEDIA_ADVERTISE: advertised,
    },
  });
});
afterAll(async () => {
  phone?.close();
  await agent?.leave();
  await stack?.stop();
});

it.each([
  ['127.0.0.2', '127.0.0.8'],
  ['127.0.0.3', '127.0.0.7'],
])(
  'a phone at %s is told %s in Contact and SDP, hears and is heard, and its BYE arrives there',
  async (from, told) => {
    const [, port = ''] = stack.node.sip.split(':');
    const number = numbers[from === '127.0.0.2' ? 0 : 1] ?? '';
    agent = await agentIn(stack, number);
    phone = await SipPhone.open(from);
    const call = await dialUntilAnswered(stack, phone, number, { through: `127.0.0.1:${port}` });
    expect(call.answerFields?.first('contact')).toBe(`<sip:${told}:${port}>`);
    expect(call.mediaTarget?.address).toBe(told);
    const listener = agent;
    await eventually(
      'the room hears it',
      () => toneAtTheEnd(listener.heard(), phoneToneHz, 500) > 400,
    );
    await eventually('it hears the room', () => toneAtTheEnd(call.heard(), agentToneHz, 500) > 400);
    call.hangUp();
    expect(await call.ended).toBe('phone');
    await eventually('the node is idle', () => isNodeIdle(stack));
    await agent.leave();
    agent = null;
    phone.close();
    phone = null;
  },
);
