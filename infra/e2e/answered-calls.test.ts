import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runSipp, type SippResult } from '../lab/sipp.ts';
import {
  caller,
  deskRoom,
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';
import { ToneParticipant } from './tone-participant.ts';

let stack: RoutedStack;
const agents: ToneParticipant[] = [];

beforeAll(async () => {
  stack = await startRoutedStack({ departureTimeoutS: 2 });
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.leave();
});
afterAll(async () => {
  await stack?.stop();
});

const number = (index: number): string => numbers[index] ?? '';

/** Somebody who waits in the room of a number and has published a track. */
async function agentFor(called: string): Promise<ToneParticipant> {
  const agent = await ToneParticipant.join(stack.livekit, deskRoom(called), 'agent');
  agents.push(agent);
  await agent.play(1_000);
  return agent;
}

/** The last call that ended; the INVITE that was challenged is one before it. */
async function recordOf(sippResult: SippResult): Promise<Record<string, unknown>> {
  expect(sippResult.trace).toBe('');
  const ended = () => stack.nodeEvents('call-ended').filter((event) => event['sip_status'] !== 407);
  await eventually('the call has ended', () => ended().length > 0);
  return ended().at(-1) ?? {};
}

describe('answered calls, sipp calling', () => {
  it('rings, is answered when somebody in the room has published, and ends when the caller hangs up', async () => {
    const agent = await agentFor(number(0));
    const running = runSipp('answered call with audio, caller hangs up', {
      target: stack.node.sip,
      number: number(0),
      ...caller,
    });
    await eventually('the SIP participant is in the room', () => agent.others.length === 1);
    const [phone] = agent.others;
    expect(phone?.identity).toBe('sip_+15550199');
    await eventually(
      'its status is active',
      () => phone?.attributes['sip.callStatus'] === 'active',
    );
    expect(phone?.attributes).toMatchObject({
      'sip.phoneNumber': '+15550199',
      'sip.trunkPhoneNumber': number(0),
    });
    await eventually('the agent hears a second of it', () => agent.heardMs > 1_000);
    expect(await recordOf(await running)).toMatchObject({
      reason: 'caller-hung-up',
      sip_status: 200,
    });
    await eventually('the participant has left', () => agent.others.length === 0);
    await eventually('the node is idle', () => isNodeIdle(stack));
  });

  it('is answered only then', async () => {
    const running = runSipp('answered call, caller hangs up', {
      target: stack.node.sip,
      number: number(1),
      ...caller,
    });
    await eventually('the caller is in the room, ringing', async () =>
      (await stack.rooms.listParticipants(deskRoom(number(1))).catch(() => [])).some(
        (one) => one.attributes['sip.callStatus'] === 'ringing',
      ),
    );
    const answeredBefore = stack.nodeEvents('call-answered').length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(stack.nodeEvents('call-answered').length).toBe(answeredBefore);
    await agentFor(number(1));
    expect((await running).trace).toBe('');
  });

  it('an INVITE without an offer gets ours in the 200, and the ACK brings the answer', async () => {
    await agentFor(number(15));
    const result = await runSipp('no offer in the INVITE, caller hangs up', {
      target: stack.node.sip,
      number: number(15),
      ...caller,
    });
    expect(result.trace).toBe('');
    await eventually(
      'the record says that the caller hung up',
      () => stack.nodeEvents('call-ended').at(-1)?.['reason'] === 'caller-hung-up',
    );
  });

  it.each([
    ['the room is deleted', (room: string) => stack.rooms.deleteRoom(room), 'room-deleted'],
    [
      'the participant is removed',
      (room: string) => stack.rooms.removeParticipant(room, 'sip_+15550199'),
      'participant-removed',
    ],
  ])('ends with BYE when %s', async (_what, end, reason) => {
    const called = number(reason === 'room-deleted' ? 2 : 3);
    const agent = await agentFor(called);
    const running = runSipp('answered call, node hangs up', {
      target: stack.node.sip,
      number: called,
      ...caller,
    });
    await eventually(
      'the call is up',
      () => agent.others[0]?.attributes['sip.callStatus'] === 'active',
    );
    await end(deskRoom(called));
    expect((await running).trace).toBe('');
    await eventually(
      'the record says why',
      () => stack.nodeEvents('call-ended').at(-1)?.['reason'] === reason,
    );
    await eventually('the node is idle', () => isNodeIdle(stack));
  });

  it('ends with BYE when another participant takes the identity', async () => {
    const agent = await agentFor(number(4));
    const running = runSipp('answered call, node hangs up', {
      target: stack.node.sip,
      number: number(4),
      ...caller,
    });
    await eventually(
      'the call is up',
      () => agent.others[0]?.attributes['sip.callStatus'] === 'active',
    );
    const usurper = await ToneParticipant.join(stack.livekit, deskRoom(number(4)), 'sip_+15550199');
    agents.push(usurper);
    expect((await running).trace).toBe('');
    await eventually(
      'the record says why',
      () => stack.nodeEvents('call-ended').at(-1)?.['reason'] === 'duplicate-identity',
    );
  });

  it('carries ten calls at once, each into its own room', async () => {
    const called = numbers.slice(5, 15);
    for (const one of called) await agentFor(one);
    const results = await Promise.all(
      called.map((one, index) =>
        runSipp('answered call with audio, caller hangs up', {
          target: stack.node.sip,
          number: one,
          from: `+1555030${index}`,
          ...caller,
        }),
      ),
    );
    expect(results.map((result) => result.trace)).toEqual(called.map(() => ''));
    // Of three seconds.
    for (const agent of agents) expect(agent.heardMs).toBeGreaterThan(200);
    await eventually('the node is idle', () => isNodeIdle(stack));
  });
});
