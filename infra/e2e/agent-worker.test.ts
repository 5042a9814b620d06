/** A call as LiveKit's users make it: the rule names an agent, a real worker of LiveKit's framework is sent into the room, speaks, and hears keys. */
import { RoomAgentDispatch, RoomConfiguration } from '@livekit/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentWorker } from '../lab/agent-worker.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { agentToneHz, dial, toneAtTheEnd } from './phone-calls.ts';
import { caller, eventually, type RoutedStack, startRoutedStack } from './routed-stack.ts';

const number = '+15550700';
let stack: RoutedStack;
let worker: AgentWorker;
let phone: SipPhone;

beforeAll(async () => {
  await AgentWorker.install();
  stack = await startRoutedStack();
  const trunk = await stack.sip.createSipInboundTrunk('agents', [number], {
    authUsername: caller.user,
    authPassword: caller.password,
  });
  await stack.sip.createSipDispatchRule(
    { type: 'individual', roomPrefix: 'call' },
    {
      name: 'agents',
      trunkIds: [trunk.sipTrunkId],
      attributes: { tier: 'gold' },
      roomConfig: new RoomConfiguration({
        agents: [new RoomAgentDispatch({ agentName: 'concierge', metadata: 'from the rule' })],
      }),
    },
  );
  phone = await SipPhone.open('127.0.0.2');
  worker = await AgentWorker.start('concierge', stack.livekit);
}, 300_000);
afterAll(async () => {
  phone?.close();
  await worker?.stop();
  await stack?.stop();
});

it('joins because the rule names it, sees the caller, is heard, hears keys and is told how the call goes', async () => {
  const call = await dial(stack, phone, number);
  const answer = await call.answer;
  expect(answer, worker.said).toEqual({ kind: 'answered' });
  await eventually(
    'the phone hears the agent',
    () => toneAtTheEnd(call.heard(), agentToneHz, 600) > 500,
  );

  const [seen] = worker.of('caller');
  // 3: SIP in LiveKit's ParticipantKind.
  expect(seen).toMatchObject({
    participantKind: 3,
    identity: 'sip_+15550199',
    name: 'Phone +15550199',
    attributes: {
      'sip.phoneNumber': '+15550199',
      'sip.trunkPhoneNumber': number,
      'sip.callID': expect.stringMatching(/^SCL_/),
      'sip.trunkID': expect.stringMatching(/^ST_/),
      'sip.ruleID': expect.stringMatching(/^SDR_/),
      tier: 'gold',
    },
  });

  call.press('42*');
  await eventually('the agent hears the keys', () => worker.of('digit').length === 3);
  expect(worker.of('digit').map(({ digit }) => digit)).toEqual(['4', '2', '*']);

  call.hangUp();
  expect(await call.ended).toBe('phone');
  const statuses = () =>
    worker
      .of('attributes')
      .flatMap(({ changed }) => Object.values(changed as Record<string, string>));
  await eventually('the agent is told of the end', () => statuses().includes('hangup'));
  expect(statuses()).toEqual(['active', 'hangup']);
});

it('ends the call when it wants to, with a header for the phone', async () => {
  const call = await dial(stack, phone, number);
  expect(await call.answer, worker.said).toEqual({ kind: 'answered' });
  await eventually('the phone hears the agent', () => {
    return toneAtTheEnd(call.heard(), agentToneHz, 600) > 500;
  });
  call.press('#');
  expect(await call.ended).toBe('node');
  expect(call.byeFields?.first('x-why')).toBe('the agent is done');
  await eventually('the agent has its answer', () => worker.of('end-call').length > 0);
  expect(worker.of('end-call')).toEqual([{ kind: 'end-call', answer: '{}' }]);
});
