import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { listenFor } from '../audio/goertzel.ts';
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

const [first = '', second = '', third = '', fourth = ''] = numbers;
let stack: RoutedStack;
let phone: SipPhone;
const agents: Agent[] = [];

beforeAll(async () => {
  stack = await startRoutedStack({ departureTimeoutS: 1 });
  phone = await SipPhone.open('127.0.0.2');
});
afterAll(async () => {
  for (const agent of agents) await agent.leave();
  phone?.close();
  await stack?.stop();
});

async function agentFor(number: string): Promise<Agent> {
  const agent = await agentIn(stack, number);
  agents.push(agent);
  return agent;
}

describe('phone and room hear each other', () => {
  it.each([
    ['PCMU', first],
    ['PCMA', second],
  ] as const)('in %s, each the tone of the other and nothing else', async (codec, number) => {
    const agent = await agentFor(number);
    const call = await dialUntilAnswered(stack, phone, number, { codecs: [codec] });
    const atPhone = () => listenFor(call.heard(), agentToneHz);
    const inRoom = () => listenFor(agent.heard(), phoneToneHz);
    await eventually('each has heard the other', () => atPhone().toneMs > 1_700);
    await eventually('each has heard the other', () => inRoom().toneMs > 1_700);
    call.hangUp();
    expect(await call.ended).toBe('phone');
    // The first and the last window of each may hold the edges of the tone, and each moment at which a busy machine is late two more.
    for (const { loudMs, toneMs } of [atPhone(), inRoom()])
      expect(loudMs - toneMs).toBeLessThanOrEqual(toneMs / 4);
  });

  it('with a packet every 20 ms and no gap', async () => {
    await agentFor(third);
    const arrivals: number[] = [];
    const hears = () => arrivals.push(performance.now());
    const call = await dial(stack, phone, third, { hears });
    await call.answer;
    await eventually('200 packets', () => arrivals.length >= 200, 20_000);
    const lastedMs = (arrivals[199] ?? 0) - (arrivals[0] ?? 0);
    // 4 s. What came while this process had no turn seems to come at once.
    expect(lastedMs).toBeGreaterThan(2_500);
    expect(lastedMs).toBeLessThan(8_000);
    // A packet that is missing would count as heard, too; from silence to a voice the time moves by less. Of a machine that is too busy LiveKit loses some.
    const { samples, sampleRateHz } = call.heard();
    const heardMs = (samples.length * 1_000) / sampleRateHz;
    expect(Math.abs(heardMs - call.packets.received * 20)).toBeLessThan(heardMs / 20);
    call.hangUp();
    await call.ended;
  });

  it('until the room is deleted: the phone gets BYE at once', async () => {
    await agentFor(fourth);
    const call = await dial(stack, phone, fourth);
    await call.answer;
    await hearsTone(() => call.heard(), agentToneHz);
    const deletedAt = performance.now();
    await stack.rooms.deleteRoom(deskRoom(fourth));
    expect(await call.ended).toBe('node');
    // 50 ms. Media that stays away would end it after 15 s only.
    expect(performance.now() - deletedAt).toBeLessThan(5_000);
    await eventually('the node is idle', () => isNodeIdle(stack));
  });
});

describe('what a caller who gives up sees', () => {
  it('is 487 at once, and nobody stays in the room', async () => {
    const call = await dial(stack, phone, fourth);
    await eventually('it rings', () => call.timeline.at('180 Ringing') !== null);
    call.cancel();
    expect(await call.answer).toMatchObject({ kind: 'refused', status: 487 });
    const cancelled = call.timeline.at('CANCEL') ?? 0;
    expect((call.timeline.at('487 Request Terminated') ?? Infinity) - cancelled).toBeLessThan(
      5_000,
    );
    await eventually('the node is idle', () => isNodeIdle(stack));
  });
});
