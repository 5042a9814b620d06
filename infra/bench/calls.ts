/**
 * `npm run bench -- [--calls 20] [--rate 5] [--hold 20]`: places calls at a rate, holds them, and says as JSON how long they took to set up, how long
 * audio takes each way, and what the node costs per call. Phones and listeners run in this process; when `bench_cpu_percent` comes
 * near 100 the bench itself was short of processor and the run says nothing.
 */
import { parseArgs } from 'node:util';
import { SipClient } from 'livekit-server-sdk';
import { type Stack, startStack } from '../local/stack.ts';
import type { PhoneCall } from '../phone/phone-call.ts';
import { phoneRateHz } from '../phone/rtp-stream.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { BurstDetector, bursts } from './burst.ts';
import { Distribution } from './distribution.ts';
import { cpuMs, memoryMb } from './process-cost.ts';
import { joinRoom, type RoomListener } from './room-listener.ts';

const credentials = { user: 'bench', password: 'bench-password' };
const firstNumber = 15_551_000;

class Measures {
  readonly to100 = new Distribution();
  readonly to180 = new Distribution();
  readonly to200 = new Distribution();
  readonly phoneToRoom = new Distribution();
  readonly roomToPhone = new Distribution();
  failed = 0;
}

interface BenchCall {
  readonly call: PhoneCall;
  readonly listener: RoomListener;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      calls: { type: 'string', default: '20' },
      rate: { type: 'string', default: '5' },
      hold: { type: 'string', default: '20' },
    },
  });
  const count = positive('calls', values.calls);
  const rate = positive('rate', values.rate);
  const holdMs = positive('hold', values.hold) * 1_000;
  const stack = await startStack({ say: (text) => process.stderr.write(`callgate: ${text}\n`) });
  const phone = await SipPhone.open('127.0.0.2');
  try {
    await route(stack, count);
    const measures = new Measures();
    const starts: Promise<BenchCall>[] = [];
    for (let i = 0; i < count; i++) {
      starts.push(placeCall(stack, phone, String(firstNumber + i), measures));
      await pause(1_000 / rate);
    }
    const calls = await Promise.all(starts);
    const held = await hold(stack, calls, holdMs);
    const result = {
      calls: count,
      failed: measures.failed,
      ms_to_100: measures.to100.summary(),
      ms_to_180: measures.to180.summary(),
      ms_to_200: measures.to200.summary(),
      ms_phone_to_room: measures.phoneToRoom.summary(),
      ms_room_to_phone: measures.roomToPhone.summary(),
      node_cpu_percent_per_call: round(held.nodeCpuPercent / count),
      ...held,
    };
    process.stdout.write(`${JSON.stringify(snake(result), null, 2)}\n`);
    for (const { call, listener } of calls) {
      call.hangUp();
      await listener.leave();
    }
  } finally {
    phone.close();
    await stack.stop();
  }
}

/** A trunk with credentials for all numbers, and a room for each. */
async function route(stack: Stack, count: number): Promise<void> {
  const sip = new SipClient(stack.edge.url, stack.livekit.apiKey, stack.livekit.apiSecret);
  const numbers = Array.from({ length: count }, (_, i) => String(firstNumber + i));
  const trunk = await sip.createSipInboundTrunk('bench', numbers, {
    authUsername: credentials.user,
    authPassword: credentials.password,
  });
  await sip.createSipDispatchRule(
    { type: 'callee', roomPrefix: 'bench', pin: '', randomize: false },
    { name: 'bench', trunkIds: [trunk.sipTrunkId] },
  );
}

async function placeCall(
  stack: Stack,
  phone: SipPhone,
  number: string,
  measures: Measures,
): Promise<BenchCall> {
  let [phoneSaidAt, roomSaidAt] = [Number.NaN, Number.NaN];
  const atRoom = new BurstDetector(phoneRateHz, (at) => measures.phoneToRoom.add(at - phoneSaidAt));
  const atPhone = new BurstDetector(phoneRateHz, (at) => measures.roomToPhone.add(at - roomSaidAt));
  const listener = await joinRoom(
    stack.livekit,
    `bench_${number}`,
    bursts(phoneRateHz, () => {
      roomSaidAt = performance.now();
    }),
    (samples) => atRoom.hear(samples),
  );
  const [address = '', port = ''] = stack.node.sip.split(':');
  const call = await phone.call({
    target: { address, port: Number(port) },
    to: number,
    from: `+1${number.slice(1)}`,
    credentials,
    says: bursts(phoneRateHz, () => {
      phoneSaidAt = performance.now();
    }),
    hears: (samples) => atPhone.hear(samples),
  });
  const answer = await call.answer;
  if (answer.kind !== 'answered') measures.failed += 1;
  // What counts is the INVITE that carries the credentials; the first one is answered by 100 and the challenge.
  const asked = call.timeline.at('INVITE with credentials') ?? 0;
  measures.to100.add(call.timeline.at('100 Trying') ?? Number.NaN);
  for (const [event, distribution] of [
    ['180 Ringing', measures.to180],
    ['200 OK', measures.to200],
  ] as const) {
    const at = call.timeline.at(event);
    if (at !== null) distribution.add(at - asked);
  }
  return { call, listener };
}

async function hold(stack: Stack, calls: readonly BenchCall[], holdMs: number) {
  const count = () => ({
    received: calls.reduce((sum, { call }) => sum + call.packets.received, 0),
    sent: calls.reduce((sum, { call }) => sum + call.packets.sent, 0),
  });
  const [startedAt, nodeCpu, ownCpu, packets] = [
    performance.now(),
    cpuMs(stack.node.pid),
    process.cpuUsage(),
    count(),
  ];
  await pause(holdMs);
  const elapsedMs = performance.now() - startedAt;
  const own = process.cpuUsage(ownCpu);
  const now = count();
  const due = (calls.length * elapsedMs) / 20;
  return {
    receivedShare: round((now.received - packets.received) / due),
    sentShare: round((now.sent - packets.sent) / due),
    nodeCpuPercent: round((100 * (cpuMs(stack.node.pid) - nodeCpu)) / elapsedMs),
    nodeMemoryMb: round(memoryMb(stack.node.pid)),
    benchCpuPercent: round((own.user + own.system) / 10 / elapsedMs),
  };
}

/** Names of a report as the rest of our JSON has them. */
function snake(result: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(result).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 10_000))
    throw new Error(`--${name} is ${JSON.stringify(text)}; expected a number from 1 to 10000`);
  return value;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`callgate: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
