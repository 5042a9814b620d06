/** Calls by linphone, which answers SHA-256 challenges (RFC 8760); the edge offers nothing else here, so that nothing else can pass. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { listenFor } from '../audio/goertzel.ts';
import { callWithLinphone, type LinphoneCall } from '../lab/linphone.ts';
import { runSipp } from '../lab/sipp.ts';
import { agentIn, agentToneHz, phoneToneHz, phoneToneSound } from './phone-calls.ts';
import { caller, eventually, numbers, type RoutedStack, startRoutedStack } from './routed-stack.ts';

const [number = ''] = numbers;
let stack: RoutedStack;
let agent: Agent;

beforeAll(async () => {
  stack = await startRoutedStack({ edgeVariables: { DIGEST_ALGORITHMS: 'SHA-256' } });
  agent = await agentIn(stack, number);
});
afterAll(async () => {
  await agent?.leave();
  await stack?.stop();
});

function call(password: string): Promise<LinphoneCall> {
  return callWithLinphone(number, stack.node.sip, 3_000, {
    user: caller.user,
    password,
    realm: 'LiveKit',
    algorithm: 'SHA-256',
    says: phoneToneSound(8_000),
  });
}

describe('linphone calls', () => {
  it('with a SHA-256 digest, and both hear each other', async () => {
    const { said, heard } = await call(caller.password);
    expect(said).toMatch(/Call 1 with .* connected/);
    expect(listenFor(agent.heard(), phoneToneHz).toneMs).toBeGreaterThan(1_500);
    expect(heard).not.toBeNull();
    if (heard !== null) expect(listenFor(heard, agentToneHz).toneMs).toBeGreaterThan(1_500);
    await eventually('the call has ended', () =>
      stack.nodeEvents('call-ended').some((event) => event['reason'] === 'caller-hung-up'),
    );
  });

  it('beside sipp, which knows MD5 alone: its trunk says so', async () => {
    const oldNumber = '+15550450';
    const trunk = await stack.sip.createSipInboundTrunk('old phones', [oldNumber], {
      authUsername: caller.user,
      authPassword: caller.password,
      metadata: JSON.stringify({ callgate: { digest_algorithms: ['MD5'] } }),
    });
    await stack.sip.createSipDispatchRule(
      { type: 'callee', roomPrefix: 'desk', pin: '', randomize: false },
      { name: 'old phones', trunkIds: [trunk.sipTrunkId] },
    );
    const oldAgent = await agentIn(stack, oldNumber);
    const options = { target: stack.node.sip, number: oldNumber, ...caller };
    const { trace } = await runSipp('answered call, caller hangs up', options);
    expect(trace).toBe('');
    await oldAgent.leave();
  });

  it('with a wrong password, and is refused', async () => {
    const { said } = await call('a-guess-of-mallory');
    expect(said).not.toMatch(/connected/);
  });
});
