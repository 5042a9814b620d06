/** What a caller hears of a livekit-server that is killed and started again under the call. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Agent, agentRateHz } from '../agent/agent.ts';
import { tone } from '../audio/tone.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import {
  agentIn,
  agentToneHz,
  dialUntilAnswered,
  phoneToneHz,
  toneAtTheEnd,
} from './phone-calls.ts';
import {
  deskRoom,
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

const [number = ''] = numbers;
let stack: RoutedStack;
let phone: SipPhone;
const agents: Agent[] = [];

beforeAll(async () => {
  stack = await startRoutedStack();
  phone = await SipPhone.open('127.0.0.2');
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.leave();
});
afterAll(async () => {
  phone?.close();
  await stack?.stop();
});

/** Somebody else who speaks in the room that the server has anew. */
async function newcomer(): Promise<Agent> {
  const agent = await Agent.join({
    livekit: stack.livekit,
    room: deskRoom(number),
    identity: 'newcomer',
    says: tone({ frequencyHz: agentToneHz, sampleRateHz: agentRateHz }),
    publishOn: 'at-once',
  });
  agents.push(agent);
  return agent;
}

it('the room is silent for a while; then phone and room hear each other again in the same call', async () => {
  const first = await agentIn(stack, number);
  agents.push(first);
  const call = await dialUntilAnswered(stack, phone, number);
  await eventually('the phone hears', () => toneAtTheEnd(call.heard(), agentToneHz, 400) > 300);
  // It does not come back by itself, which could be any time.
  await first.leave();
  stack.livekit.kill('SIGKILL');
  await stack.livekit.ended;
  await stack.restartLivekit();
  const second = await newcomer();
  await eventually(
    'the phone hears the new room',
    () => toneAtTheEnd(call.heard(), agentToneHz, 400) > 300,
    30_000,
  );
  await eventually(
    'the new room hears the phone',
    () => toneAtTheEnd(second.heard(), phoneToneHz, 400) > 300,
    30_000,
  );
  expect(call.isOver).toBe(false);
  call.hangUp();
  expect(await call.ended).toBe('phone');
  await eventually('the node is idle', () => isNodeIdle(stack));
});
