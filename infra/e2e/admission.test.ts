/** A full node: calls beyond its bounds get 503 before anything is made of them, calls that are up notice nothing, and all of it is seen by whoever watches. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tone } from '../audio/tone.ts';
import { encoded, joinDeaf, type RoomListener } from '../bench/room-listener.ts';
import { runSipp } from '../lab/sipp.ts';
import { askOptions } from '../phone/ask-options.ts';
import type { CallAnswer, PhoneCall } from '../phone/phone-call.ts';
import { phoneRateHz } from '../phone/rtp-stream.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { asOperator, listedNode } from './operator.ts';
import { agentToneHz, dial, hearsTone, pause } from './phone-calls.ts';
import {
  caller,
  deskRoom,
  eventually,
  numbers,
  type RoutedStack,
  startRoutedStack,
  unknownNumber,
} from './routed-stack.ts';

const callsMax = 8;
/** A call of a source that is not known yet finds no room from here on. */
const strangersMax = 7;
const callsPerSecond = 5;

let stack: RoutedStack;
let phone: SipPhone;
let stranger: SipPhone;
const calls: PhoneCall[] = [];
const voices: RoomListener[] = [];
const called = numbers.slice(0, callsMax);
const other = numbers[callsMax] ?? '';

beforeAll(async () => {
  stack = await startRoutedStack({
    nodeEnvironment: {
      CALLGATE_MAX_CALLS: String(callsMax),
      CALLGATE_MAX_CALLS_PER_SECOND: String(callsPerSecond),
    },
  });
  phone = await SipPhone.open('127.0.0.2');
  stranger = await SipPhone.open('127.0.0.5');
  for (const number of called) {
    const says = encoded(tone({ frequencyHz: agentToneHz, sampleRateHz: phoneRateHz }));
    voices.push(await joinDeaf(stack.livekit, deskRoom(number), says));
  }
});
afterAll(async () => {
  for (const call of calls) call.hangUp();
  await Promise.all(calls.map((call) => call.ended));
  await Promise.all(voices.map((voice) => voice.leave()));
  phone?.close();
  stranger?.close();
  await stack?.stop();
});

/** One more call that is up, into a room of its own; where the node has no room this very moment it is asked again. */
async function callUp(): Promise<void> {
  const number = called[calls.length] ?? '';
  await eventually(`call ${calls.length + 1} is answered`, async () => {
    const call = await dial(stack, phone, number);
    const answer = await call.answer;
    if (answer.kind === 'answered') calls.push(call);
    else await pause(300);
    return answer.kind === 'answered';
  });
}

const statusOf = (answer: CallAnswer): number =>
  answer.kind === 'refused' ? answer.status : answer.kind === 'answered' ? 200 : 0;
const notAdmitted = async (bound: string) => (await stack.nodeStats()).not_admitted[bound] ?? 0;

describe('more calls a second than the node takes', () => {
  it('get 503, each of them, and those within the rate are served', async () => {
    await callUp();
    const refused = await dial(stack, phone, unknownNumber, {
      headers: [['Require', 'what-nobody-knows']],
    });
    expect(statusOf(await refused.answer)).toBe(420);
    const startedAt = performance.now();
    const burst = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        dial(stack, phone, unknownNumber, { from: `+1777000${n}` }),
      ),
    );
    const statuses = (await Promise.all(burst.map(({ answer }) => answer))).map(statusOf);
    const seconds = (performance.now() - startedAt) / 1_000;
    const served = statuses.filter((status) => status === 404).length;
    expect(statuses.filter((status) => status !== 404 && status !== 503)).toEqual([]);
    expect(served).toBeGreaterThanOrEqual(1);
    expect(served).toBeLessThanOrEqual(Math.ceil(callsPerSecond * (1 + seconds)));
    expect(await notAdmitted('calls-per-second')).toBeGreaterThan(0);
  });
});

describe('more calls than the node takes', () => {
  it('get 503: strangers first', async () => {
    while (calls.length < strangersMax) await callUp();
    const shed = await dial(stack, stranger, other);
    expect(statusOf(await shed.answer)).toBe(503);
    await callUp();
    expect(calls).toHaveLength(callsMax);
  });

  it('get 503 before anything of them is looked at', async () => {
    const asksForTooMuch = { headers: [['Require', 'what-nobody-knows']] } as const;
    const shed = await dial(stack, phone, other, asksForTooMuch);
    expect(statusOf(await shed.answer)).toBe(503);
    const refused = await runSipp('refused with 503', {
      target: stack.node.sip,
      number: other,
      ...caller,
    });
    expect(refused.trace).toBe('');
    expect(await notAdmitted('calls')).toBeGreaterThanOrEqual(3);
  });

  it('are announced to load balancers, to the edge and to readiness checks', async () => {
    const answer = await askOptions(stack.node.sip);
    expect(answer).toMatch(/^SIP\/2\.0 503 /);
    expect(answer).toMatch(/\r\nRetry-After: ([5-9]|1[0-5])\r\n/);
    expect((await fetch(`${stack.node.healthUrl}/ready`)).status).toBe(503);
    const isFull = async () => (await listedNode(stack)).link?.status?.state === 'full';
    await eventually('the edge shows it', isFull, 30_000);
  });

  it('have a record that says so', async () => {
    await eventually('a record of it is at the edge', async () => {
      const { body } = await asOperator(stack, 'GET', '/v1/calls?reason=over-capacity');
      const { calls: listed } = body as { calls: { to_user: string; sip_status: number }[] };
      return listed.some((call) => call.to_user === other && call.sip_status === 503);
    });
  });

  it('disturb none of those that are up', async () => {
    await Promise.all(calls.map((call) => hearsTone(() => call.heard(), agentToneHz)));
    expect(calls.filter(({ isOver }) => isOver)).toEqual([]);
  });

  it('are taken again as soon as one has ended', async () => {
    const ended = calls.pop();
    ended?.hangUp();
    await ended?.ended;
    await callUp();
    expect(calls).toHaveLength(callsMax);
  });
});
