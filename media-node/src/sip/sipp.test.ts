/** The endpoint on a real socket, called by sipp, which nobody here wrote. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { silentLog } from '../ops/log.ts';
import { createSipEndpoint } from './create-sip-endpoint.ts';
import { answerBody } from './endpoint-bench.fake.ts';
import type { SipCall, SipCallEvents, SipEndpoint } from './sip-endpoint.ts';
import { ImpairedLink, type Impairment } from './transport/impaired-link.fake.ts';

const scenario = (name: string) =>
  fileURLToPath(new URL(`testdata/sipp/${name}.xml`, import.meta.url));

let endpoint: SipEndpoint;
let port: number;
let folder: string;
let heard: string[];
/** Whether calls get their 180 at once. */
let rings: boolean;
/** What the call does when it is rung, when it is acknowledged, and when a further offer has been answered. */
let onInvite: (call: SipCall) => void;
let onAck: (call: SipCall) => void;
let onReoffered: (call: SipCall) => void;

beforeEach(async () => {
  heard = [];
  rings = true;
  onInvite = () => {};
  onAck = () => {};
  onReoffered = () => {};
  folder = await mkdtemp(`${tmpdir()}/sipp-`);
  port = await listenOn('127.0.0.1');
});

afterEach(async () => {
  await endpoint.close();
  await rm(folder, { recursive: true });
});

/** Opens the endpoint on a free port of an address. */
async function listenOn(address: string): Promise<number> {
  endpoint = createSipEndpoint({
    listen: { address, port: 0 },
    advertise: null,
    clock: systemClock,
    log: silentLog,
  });
  const bound = await endpoint.listen({
    onInvite(call) {
      call.listen(listener(call));
      if (rings) call.provisional({ status: 180, phrase: 'Ringing' });
      onInvite(call);
    },
  });
  return bound.port;
}

function listener(call: SipCall): SipCallEvents {
  return {
    onCancel() {
      heard.push('cancel');
      call.refuse({ status: 487, phrase: 'Request Terminated' });
    },
    onAck() {
      heard.push('ack');
      onAck(call);
    },
    onAckMissing: () => void heard.push('ack missing'),
    onBye: () => void heard.push('bye'),
    onReoffer() {
      heard.push('reoffer');
      setImmediate(() => onReoffered(call));
      return answerBody;
    },
    onTransportFailed: (message) => void heard.push(message),
  };
}

/** Runs sipp against the endpoint. Resolves with its exit status and what it said; 0 means that every call went as written. */
async function sipp(...options: string[]): Promise<{ status: number | null; said: string }> {
  return await sippTo(`127.0.0.1:${port}`, ...options);
}

async function sippTo(
  target: string,
  ...options: string[]
): Promise<{ status: number | null; said: string }> {
  const bounds = ['-nostdin', '-timeout', '60s', '-timeout_error'];
  const from = options.includes('-i') ? [] : ['-i', '127.0.0.2'];
  const child = spawn('sipp', [target, ...options, ...from, ...bounds], { cwd: folder });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-4_000);
    });
  }
  return await new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`sipp (Debian package sip-tester) cannot be run: ${error.message}`)),
    );
    child.once('close', (status) => resolve({ status, said }));
  });
}

/** A network before the endpoint that loses what it is told to, and nothing else. */
function linkThat({ loss }: Pick<Impairment, 'loss'>): ImpairedLink {
  const target = { address: '127.0.0.1', port };
  const impairment = { loss, duplicate: 0, reorder: 0, delayMs: [1, 0] } as const;
  return new ImpairedLink({ target, impairment, clock: systemClock, seed: 1 });
}

async function sippThrough(link: ImpairedLink, ...options: string[]) {
  const lossy = await link.open('127.0.0.3');
  try {
    return await sippTo(`${lossy.address}:${lossy.port}`, ...options);
  } finally {
    await link.close();
  }
}

function count(word: string): number {
  return heard.filter((event) => event === word).length;
}

describe('sipp calls', { timeout: 90_000 }, () => {
  it('twenty times: answered, acknowledged, hung up by the caller', async () => {
    onInvite = (call) => call.accept(answerBody);
    const { status, said } = await sipp('-sn', 'uac', '-r', '20', '-m', '20', '-d', '200');
    expect(status, said).toBe(0);
    expect([count('ack'), count('bye'), heard.length]).toEqual([20, 20, 40]);
    expect(endpoint.stats().dialogs).toBe(0);
  });

  // Not sipp's -lost with its built-in caller: that one takes a resent 200 to its INVITE for the answer to a BYE that was lost, and is content.
  it('ten times through a network that loses one message in ten, each way (seed 1)', async () => {
    onInvite = (call) => call.accept(answerBody);
    const link = linkThat({ loss: 0.1 });
    const { status, said } = await sippThrough(
      link,
      '-sf',
      scenario('caller-hangs-up'),
      '-d',
      '100',
      '-r',
      '10',
      '-m',
      '10',
    );
    expect(status, said).toBe(0);
    expect(count('bye')).toBe(10);
    expect(link.counts.lost).toBeGreaterThan(0);
    expect(endpoint.stats().dialogs).toBe(0);
  });

  it('twenty times over TCP', async () => {
    onInvite = (call) => call.accept(answerBody);
    const { status, said } = await sipp(
      '-sn',
      'uac',
      '-t',
      't1',
      '-r',
      '20',
      '-m',
      '20',
      '-d',
      '200',
    );
    expect(status, said).toBe(0);
    expect([count('ack'), count('bye')]).toEqual([20, 20]);
  });

  it('ten times and gives up while ringing, over TCP with a connection for each call', async () => {
    onInvite = () => {};
    const cancelling = scenario('cancel-while-ringing');
    const { status, said } = await sipp(
      '-sf',
      cancelling,
      '-t',
      'tn',
      '-max_socket',
      '100',
      '-r',
      '10',
      '-m',
      '10',
    );
    expect(status, said).toBe(0);
    expect(count('cancel')).toBe(10);
  });

  it('ten times and gives up while ringing', async () => {
    onInvite = () => {};
    const { status, said } = await sipp(
      '-sf',
      scenario('cancel-while-ringing'),
      '-r',
      '10',
      '-m',
      '10',
    );
    expect(status, said).toBe(0);
    expect(heard).toEqual(Array.from({ length: 10 }, () => 'cancel'));
    expect(endpoint.stats().dialogs).toBe(0);
  });

  it.each([
    ['before it rings', 'cancel-after-trying', ['cancel']],
    ['when the 200 is out already', 'cancel-after-answer', ['ack', 'bye']],
  ])('ten times and gives up %s', async (_when, name, each) => {
    if (name === 'cancel-after-trying') rings = false;
    else onInvite = (call) => call.accept(answerBody);
    const { status, said } = await sipp('-sf', scenario(name), '-r', '10', '-m', '10');
    expect(status, said).toBe(0);
    expect(heard.toSorted()).toEqual(each.flatMap((event) => Array<string>(10).fill(event)));
    expect(endpoint.stats().dialogs).toBe(0);
  });

  it('ten times, holds and resumes', async () => {
    onInvite = (call) => call.accept(answerBody);
    const { status, said } = await sipp('-sf', scenario('reinvite'), '-r', '10', '-m', '10');
    expect(status, said).toBe(0);
    expect([count('ack'), count('reoffer'), count('bye')]).toEqual([10, 20, 10]);
    expect(endpoint.stats().dialogs).toBe(0);
  });

  it('ten times, acknowledges what rings and offers anew before it is answered', async () => {
    rings = false;
    const early = { ...answerBody, status: 183, phrase: 'Session Progress' };
    onInvite = (call) => call.provisional(early);
    onReoffered = (call) => call.accept(answerBody);
    const prack = scenario('prack-and-update');
    const { status, said } = await sipp('-sf', prack, '-r', '10', '-m', '10');
    expect(status, said).toBe(0);
    expect([count('reoffer'), count('ack'), count('bye')]).toEqual([10, 10, 10]);
    expect(endpoint.stats().dialogs).toBe(0);
  });

  it('ten times and its first ACK is lost: the 200 comes again', async () => {
    onInvite = (call) => call.accept(answerBody);
    const loses = (message: string) => message.startsWith('ACK') && link.counts.lost === 0;
    const link = linkThat({ loss: loses });
    const { status, said } = await sippThrough(
      link,
      '-sf',
      scenario('caller-hangs-up'),
      '-d',
      '1000',
      '-m',
      '1',
    );
    expect(status, said).toBe(0);
    expect([link.counts.lost, heard]).toEqual([1, ['ack', 'bye']]);
  });

  it('twenty times over IPv6', async () => {
    await endpoint.close();
    port = await listenOn('::1');
    onInvite = (call) => call.accept(answerBody);
    const options = ['-sn', 'uac', '-r', '20', '-m', '20', '-d', '200', '-i', '::1'];
    const { status, said } = await sippTo(`[::1]:${port}`, ...options);
    expect(status, said).toBe(0);
    expect([count('ack'), count('bye')]).toEqual([20, 20]);
  });

  it('ten times, acknowledges late and is hung up on', async () => {
    const goodbyes: Promise<void>[] = [];
    onInvite = (call) => call.accept(answerBody);
    onAck = (call) => void goodbyes.push(call.bye());
    const { status, said } = await sipp('-sf', scenario('callee-hangs-up'), '-r', '10', '-m', '10');
    expect(status, said).toBe(0);
    await Promise.all(goodbyes);
    expect(count('ack')).toBe(10);
    expect(endpoint.stats().dialogs).toBe(0);
  });
});
