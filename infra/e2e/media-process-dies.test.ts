/** What callers notice when a media process is killed under their calls. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { agentIn, dialUntilAnswered } from './phone-calls.ts';
import { eventually, numbers, type RoutedStack, startRoutedStack } from './routed-stack.ts';

/** One caller has one identity in a room: each calls another number. */
const called = numbers.slice(0, 10);
const [first = ''] = called;
let stack: RoutedStack;
let phones: SipPhone[];
let agents: Agent[];

beforeAll(async () => {
  stack = await startRoutedStack({ nodeEnvironment: { CALLGATE_MEDIA_PROCESSES: '2' } });
  agents = await Promise.all(called.map((number) => agentIn(stack, number)));
  phones = await Promise.all(called.map((_, i) => SipPhone.open(`127.0.0.${2 + i}`)));
});
afterAll(async () => {
  for (const phone of phones ?? []) phone.close();
  for (const agent of agents ?? []) await agent.leave();
  await stack?.stop();
});

/** Children of the node: its media processes. */
function mediaProcesses(): number[] {
  const { pid } = stack.node;
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

/** How many calls the node has ended for that reason. */
const endedAs = (reason: string) =>
  stack.nodeEvents('call-ended').filter((line) => line['reason'] === reason).length;

it('callers of the dead process get BYE at once, the others talk on, new calls are taken', async () => {
  const calls = [];
  for (const [i, phone] of phones.entries()) {
    calls.push(await dialUntilAnswered(stack, phone, called[i] ?? first));
  }
  const processes = mediaProcesses();
  expect(processes.length).toBe(2);

  let ended = 0;
  const dead = new Set<unknown>();
  for (const call of calls) {
    void call.ended.then((by) => {
      if (by !== 'node') return;
      ended += 1;
      dead.add(call);
    });
  }
  process.kill(processes[0] ?? 0, 'SIGKILL');
  const expected = calls.length / processes.length;
  // Promised within a second, which the drill media-process-killed holds to: here ten times as long, for a machine that others use. Silence would end a call later, and for another reason.
  await eventually('BYE', () => ended >= Math.floor(expected), 10_000);
  expect(ended).toBeLessThanOrEqual(Math.ceil(expected));
  await eventually('the node has seen it end', () => endedAs('media-lost') === ended);
  expect(stack.nodeEvents('media-process-hangs')).toEqual([]);

  await eventually('a successor', () => mediaProcesses().length === processes.length);
  calls[0]?.hangUp();
  const [phone] = phones;
  if (phone === undefined) throw new Error('no phone');
  const next = await dialUntilAnswered(stack, phone, first);
  next.hangUp();
  await next.ended;
  const living = calls.slice(1).filter((call) => !dead.has(call));
  for (const call of living) {
    const before = call.packets.received;
    await eventually('audio goes on', () => call.packets.received > before + 5);
    call.hangUp();
  }
});
