/**
 * Strangers at the SIP port of the whole stack while calls are up: sipvicious and bounded floods. The calls keep their audio, a caller
 * who may call still gets through, and nothing of the strangers stays.
 */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { floodUdp, openHalfMessages, strangersRequest } from '../lab/flood.ts';
import type { PhoneCall } from '../phone/phone-call.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { agentIn, agentToneHz, dial, pause, toneAtTheEnd } from './phone-calls.ts';
import { eventually, numbers, type RoutedStack, startRoutedStack } from './routed-stack.ts';

/** Calls that are up while the strangers knock. */
const liveCalls = 4;

let stack: RoutedStack;
let phone: SipPhone;
const agents: Agent[] = [];
const calls: PhoneCall[] = [];
let target: { readonly address: string; readonly port: number };

beforeAll(async () => {
  stack = await startRoutedStack({ departureTimeoutS: 1 });
  phone = await SipPhone.open('127.0.0.2');
  const [address = '', port = ''] = stack.node.sip.split(':');
  target = { address, port: Number(port) };
  for (const number of numbers.slice(0, liveCalls)) {
    agents.push(await agentIn(stack, number));
    const call = await dial(stack, phone, number);
    calls.push(call);
    expect(await call.answer).toEqual({ kind: 'answered' });
  }
});
afterAll(async () => {
  for (const call of calls) call.hangUp();
  for (const agent of agents) await agent.leave();
  phone?.close();
  await stack?.stop();
});

/** Runs something against the node and sees to it that every call has had its packets, and its tone, meanwhile. */
async function whileCallsSound<T>(attack: () => Promise<T>): Promise<T> {
  const before = calls.map((call) => call.packets.received);
  const startedAt = performance.now();
  const result = await attack();
  const seconds = (performance.now() - startedAt) / 1_000;
  for (const [index, call] of calls.entries()) {
    const received = call.packets.received - (before[index] ?? 0);
    expect(received / (50 * seconds), 'share of the packets due').toBeGreaterThan(0.9);
    expect(toneAtTheEnd(call.heard(), agentToneHz, 2_000)).toBeGreaterThan(1_700);
  }
  return result;
}

/** Runs a program of sipvicious; it ends by itself or after 20 s. */
async function sipvicious(program: string, ...options: string[]): Promise<string> {
  const child = spawn('timeout', [
    '20',
    program,
    ...options,
    target.address,
    '-p',
    String(target.port),
  ]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-8_000);
    });
  }
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 127)
        reject(new Error(`${program} (Debian package sipvicious) is not installed`));
      else resolve();
    });
  });
  return said;
}

describe('sipvicious', { timeout: 90_000 }, () => {
  it('svmap finds no SIP here', async () => {
    const said = await whileCallsSound(() => sipvicious('svmap'));
    expect(said).toContain('found nothing');
  });

  it('svwar finds no extension', async () => {
    const said = await whileCallsSound(() =>
      sipvicious('svwar', '-e100-120', '-m', 'INVITE', '--force'),
    );
    expect(said).toMatch(/found nothing|timed out/);
  });

  it('svcrack cracks nothing', async () => {
    const said = await whileCallsSound(() => sipvicious('svcrack', '-u100', '-r1-50'));
    expect(said).toMatch(/found nothing|timed out|no working|could not/i);
  });
});

describe('floods', { timeout: 90_000 }, () => {
  it.each([
    [
      'INVITE',
      '127.0.9.1',
      (index: number, port: number) => strangersRequest('INVITE', '127.0.9.1', port, index),
    ],
    [
      'OPTIONS',
      '127.0.9.2',
      (index: number, port: number) => strangersRequest('OPTIONS', '127.0.9.2', port, index),
    ],
    [
      'noise',
      '127.0.9.3',
      (index: number) => Buffer.alloc(200 + (index % 900), String.fromCharCode(33 + (index % 90))),
    ],
  ] as const)(
    'of 8,000 %s: the calls keep their audio, a legitimate call gets through',
    async (_what, from, message) => {
      const { sent, answered } = await whileCallsSound(() =>
        floodUdp({ from, target, count: 8_000, message }),
      );
      // A hundred at once and twenty a second, each with a 100 and a refusal that is resent until its ACK.
      expect(answered / sent).toBeLessThan(0.5);
      const number = numbers[10] ?? '';
      const agent = await agentIn(stack, number);
      const call = await dial(stack, phone, number);
      expect(await call.answer).toEqual({ kind: 'answered' });
      call.hangUp();
      await call.ended;
      await agent.leave();
    },
  );

  it('of connections that begin a message and never end it: 64 of a source are held, the calls keep their audio', async () => {
    const sockets = await whileCallsSound(async () => {
      const opened = await openHalfMessages({ from: '127.0.9.4', target, count: 300 });
      await pause(3_000);
      return opened;
    });
    expect(sockets.filter((socket) => !socket.destroyed).length).toBeLessThanOrEqual(64);
    for (const socket of sockets) socket.destroy();
  });

  it('leave nothing behind 40 s later', async () => {
    await pause(40_000);
    await eventually('only the live calls are left', async () => {
      const { sip } = await stack.nodeStats();
      return sip.dialogs === liveCalls && sip.transactions <= liveCalls;
    });
  });
});
