/** What phone and room see when a part is killed during a call. README's "When things fail" says this in words. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import type { PhoneCall } from '../phone/phone-call.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import {
  agentIn,
  agentToneHz,
  dialUntilAnswered,
  hearsTone,
  pause,
  phoneToneHz,
} from './phone-calls.ts';
import { eventually, numbers, type RoutedStack, startRoutedStack } from './routed-stack.ts';

const [number = ''] = numbers;
let stack: RoutedStack;
let phone: SipPhone;
let agent: Agent;
let call: PhoneCall;

/** A call that is up, both hearing each other. */
beforeEach(async () => {
  stack = await startRoutedStack();
  phone = await SipPhone.open('127.0.0.2');
  agent = await agentIn(stack, number);
  call = await dialUntilAnswered(stack, phone, number);
  await hearsTone(() => call.heard(), agentToneHz);
});
afterEach(async () => {
  await agent?.leave();
  phone?.close();
  await stack?.stop();
});

describe('kill -9 during a call', () => {
  it('of the edge: the call goes on, can be ended, and its record arrives when the edge is back', async () => {
    stack.edge.kill('SIGKILL');
    await stack.edge.ended;
    await hearsTone(() => call.heard(), agentToneHz);
    await hearsTone(() => agent.heard(), phoneToneHz);
    call.hangUp();
    expect(await call.ended).toBe('phone');
    await eventually('the participant has left', () => agent.others.length === 0);
    await eventually(
      'the record waits on disk',
      async () => (await stack.nodeStats()).records_pending > 0,
    );
    await stack.restartEdge();
    await eventually(
      'the record is delivered',
      async () => (await stack.nodeStats()).records_pending === 0,
      60_000,
    );
    const next = await dialUntilAnswered(stack, phone, number);
    next.hangUp();
    await next.ended;
  });

  it('of the node: audio stops at once, the phone gets BYE when it is started again, the participant is gone within 30 s, and calls are taken', async () => {
    stack.node.kill('SIGKILL');
    expect(await stack.node.ended).toBe('signal SIGKILL');
    await eventually('no audio comes any more', async () => {
      const { received } = call.packets;
      await pause(500);
      return call.packets.received === received;
    });

    await stack.restartNode();
    // Made of what the dead process had kept of the dialog: the phone takes no other. RFC 3261 §12.2.1.
    expect(await call.ended).toBe('node');
    expect(call.byeFields?.first('reason')).toContain('text="node-lost"');
    await eventually(
      'nothing is kept of the dialog',
      async () => (await readdir(join(stack.folder, 'spool', 'dialogs'))).length === 0,
    );

    await eventually('the silent participant is gone', () => agent.others.length === 0, 30_000);
    const next = await dialUntilAnswered(stack, phone, number);
    await hearsTone(() => next.heard(), agentToneHz);
    next.hangUp();
    await next.ended;
  });

  it('of livekit-server: the phone gets BYE within 30 s and the record says room-lost', async () => {
    stack.livekit.kill('SIGKILL');
    const killedAt = performance.now();
    expect(await call.ended).toBe('node');
    expect(performance.now() - killedAt).toBeLessThan(30_000);
    await eventually('the call has ended', () =>
      stack.nodeEvents('call-ended').some((event) => event['reason'] === 'room-lost'),
    );
  });
});

describe('SIGTERM during a call', () => {
  it('of the node: the phone gets BYE, the participant leaves, and the process ends with status 0', async () => {
    const stopped = stack.node.stop();
    expect(await call.ended).toBe('node');
    await eventually('the participant has left', () => agent.others.length === 0);
    expect(await stopped).toBe('status 0');
  });
});
