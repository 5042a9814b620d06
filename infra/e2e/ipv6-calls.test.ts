/** A call whose SIP and RTP are IPv6, from a phone that nobody here wrote. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listenFor } from '../audio/goertzel.ts';
import { tone } from '../audio/tone.ts';
import type { Sound } from '../audio/wav.ts';
import { Baresip } from '../lab/baresip.ts';
import { agentIn, agentToneHz, pause, phoneToneHz, toneAtTheEnd } from './phone-calls.ts';
import { caller, eventually, numbers, type RoutedStack, startRoutedStack } from './routed-stack.ts';

const [number = ''] = numbers;
const rateHz = 8_000;
let stack: RoutedStack;

beforeAll(async () => {
  stack = await startRoutedStack({
    address: '::1',
    departureTimeoutS: 1,
    // LiveKit of this machine speaks IPv4.
    nodeEnvironment: { CALLGATE_ROOM_ADDRESS: '127.0.0.1' },
  });
});
afterAll(() => stack?.stop());

it('is answered, and both sides hear each other', async () => {
  const agent = await agentIn(stack, number);
  const samples = new Int16Array(20 * rateHz);
  tone({ frequencyHz: phoneToneHz, sampleRateHz: rateHz })(samples);
  const phone = await Baresip.start({
    from: '+15550199',
    ...caller,
    codec: 'PCMU/8000/1',
    says: { sampleRateHz: rateHz, samples },
    address: '::1',
  });
  let heard: Sound | null = null;
  try {
    phone.dial(number, stack.node.sip);
    await eventually('the call is up', () => phone.has('CALL_ESTABLISHED')).catch((error) => {
      throw new Error(`${error}\n${phone.said}`);
    });
    await eventually(
      'the room hears the phone',
      () => toneAtTheEnd(agent.heard(), phoneToneHz, 600) > 500,
    );
    await pause(1_500);
  } finally {
    heard = await phone.stop();
    await agent.leave();
  }
  expect(heard === null ? 0 : listenFor(heard, agentToneHz).toneMs).toBeGreaterThan(500);
});
