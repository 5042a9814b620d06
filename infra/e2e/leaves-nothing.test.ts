/** Calls come and go by the hundred thousand: what one leaves behind ends a node one day. Counted where the kernel and Node count. */
import { readdirSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { agentIn, dialUntilAnswered } from './phone-calls.ts';
import {
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
} from './routed-stack.ts';

const [number = ''] = numbers;
const consecutiveCalls = 100;
/** What a process opens once and keeps: connections to the edge, native threads, compiled code. */
const warmUpCalls = 5;

let stack: RoutedStack;
let phone: SipPhone;
let agent: Agent;

beforeAll(async () => {
  stack = await startRoutedStack({ departureTimeoutS: 1 });
  phone = await SipPhone.open('127.0.0.2');
  agent = await agentIn(stack, number);
});
afterAll(async () => {
  await agent?.leave();
  phone?.close();
  await stack?.stop();
});

async function placeCalls(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const call = await dialUntilAnswered(stack, phone, number);
    await eventually('the phone hears the room', () => call.packets.received > 2);
    call.hangUp();
    await call.ended;
  }
  await eventually('the node is idle', () => isNodeIdle(stack));
}

interface Holdings {
  /** Descriptors of the process by what they are: `socket`, `anon_inode:[eventpoll]`, files. */
  readonly descriptors: Readonly<Record<string, number>>;
  /** Node's own count of sockets and timers. */
  readonly resources: Readonly<Record<string, number>>;
  readonly rtpPorts: number;
  readonly transactions: number;
  readonly recordsPending: number;
}

async function holdings(): Promise<Holdings> {
  const stats = await stack.nodeStats();
  return {
    descriptors: descriptorsOf(stack.node.pid),
    resources: stats.resources,
    rtpPorts: stats.media.rtpPortsBound,
    transactions: stats.sip.transactions,
    recordsPending: stats.records_pending,
  };
}

function descriptorsOf(pid: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const kind = readlinkSync(`/proc/${pid}/fd/${name}`).replace(/:\[\d+\]$/, '');
      counts[kind] = (counts[kind] ?? 0) + 1;
    } catch {
      // Closed between the listing and the look.
    }
  }
  return counts;
}

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

describe(`${consecutiveCalls} calls, one after the other`, () => {
  it('leave no socket, timer, room, port, transaction or record behind', async () => {
    await placeCalls(warmUpCalls);
    await eventually(
      'RTP ports of the first calls are free again',
      async () => (await holdings()).rtpPorts === 0,
      30_000,
    );
    await eventually(
      'their transactions are over',
      async () => (await holdings()).transactions === 0,
      45_000,
    );
    const before = await holdings();

    await placeCalls(consecutiveCalls);

    const errors = stack.lines.filter((line) => /"level":"error","event"/.test(line));
    expect(errors).toEqual([]);
    await eventually(
      'RTP ports are free again',
      async () => (await holdings()).rtpPorts === 0,
      30_000,
    );
    await eventually(
      'transactions are over',
      async () => (await holdings()).transactions === 0,
      45_000,
    );
    await eventually('records are delivered', async () => (await holdings()).recordsPending === 0);
    await eventually(
      'sockets and timers are what they were',
      async () => {
        const after = await holdings();
        return (
          sum(after.descriptors) <= sum(before.descriptors) &&
          sum(after.resources) <= sum(before.resources)
        );
      },
      10_000,
    ).catch(async (error: unknown) => {
      expect(await holdings(), String(error)).toEqual(before);
    });

    await agent.leave();
    await eventually('the room is gone', async () => (await stack.rooms.listRooms()).length === 0);
  }, 300_000);
});
