/**
 * Our own phones as judge, for machines without another one: calls at a rate, held for a while; phones and listeners run in this process. They also
 * say what the judge from outside does not: when the room's first audio is at the phone.
 */
import { SipClient } from 'livekit-server-sdk';
import type { PhoneCall } from '../../phone/phone-call.ts';
import { phoneRateHz, soundRms } from '../../phone/rtp-stream.ts';
import { SipPhone } from '../../phone/sip-phone.ts';
import { firstAudioAfter200, wholePacketBytes } from '../../wire/first-audio.ts';
import { WireWatch } from '../../wire/wire-watch.ts';
import { BurstDetector, bursts } from '../burst.ts';
import { Distribution, type Summary } from '../distribution.ts';
import { cpuMs, memoryMb } from '../process-cost.ts';
import { joinRoom, type RoomListener } from '../room-listener.ts';
import {
  type Bridge,
  benchCredentials,
  firstNumber,
  type Load,
  type Measurement,
} from './measurement.ts';

/** Percent of a core: phones and listeners that need this much were late themselves. */
const ownCpuMax = 95;
/** From the last answer to the first count, ms. */
const settleMs = 2_000;
const packetMs = 20;

interface Measures {
  readonly toChallenge: Distribution;
  readonly to180: Distribution;
  readonly to200: Distribution;
  readonly firstAudio: Distribution;
  readonly phoneToRoom: Distribution;
  readonly roomToPhone: Distribution;
}

interface BenchCall {
  readonly call: PhoneCall;
  readonly listener: RoomListener;
  readonly isAnswered: boolean;
}

/** A trunk for every number, open to who brings the credentials from this machine, and a room for each number. */
export async function makeRoute(bridge: Bridge): Promise<void> {
  const { apiKey, apiSecret } = bridge.livekit;
  const sip = new SipClient(bridge.apiUrl, apiKey, apiSecret);
  const trunk = await sip.createSipInboundTrunk('bench', [], {
    authUsername: benchCredentials.user,
    authPassword: benchCredentials.password,
    allowedAddresses: ['127.0.0.0/8'],
  });
  await sip.createSipDispatchRule(
    { type: 'callee', roomPrefix: 'bench', pin: '', randomize: false },
    { name: 'bench', trunkIds: [trunk.sipTrunkId] },
  );
}

/** One run. The route must be there. */
export async function judgeWithOwnPhones(bridge: Bridge, load: Load): Promise<Measurement> {
  const phone = await SipPhone.open('127.0.0.2');
  const wire = await WireWatch.start(`udp and host ${phone.address}`, wholePacketBytes);
  const measures: Measures = {
    toChallenge: new Distribution(),
    to180: new Distribution(),
    to200: new Distribution(),
    firstAudio: new Distribution(),
    phoneToRoom: new Distribution(),
    roomToPhone: new Distribution(),
  };
  const calls: BenchCall[] = [];
  try {
    const starts: Promise<BenchCall>[] = [];
    for (let i = 0; i < load.calls; i++) {
      starts.push(placeCall(bridge, phone, String(firstNumber + i), measures));
      await pause(1_000 / load.rate);
    }
    calls.push(...(await Promise.all(starts)));
    const firstAudioOnWireMs = wire === null ? null : await firstAudioOn(wire);
    const held = await hold(bridge, calls, load.holdS * 1_000);
    for (const { call } of calls) noteFirstAudio(call, measures);
    return {
      bridge: bridge.name,
      calls: load.calls,
      answered: calls.filter(({ isAnswered }) => isAnswered).length,
      phoneToRoomMs: measures.phoneToRoom.summary(),
      roomToPhoneMs: measures.roomToPhone.summary(),
      toChallengeMs: measures.toChallenge.summary(),
      to180Ms: measures.to180.summary(),
      to200Ms: measures.to200.summary(),
      firstAudioAfter200Ms: measures.firstAudio.summary(),
      firstAudioOnWireMs,
      ...held,
    };
  } finally {
    await Promise.all(
      calls.map(async ({ call, listener }) => {
        call.hangUp();
        await listener.leave();
      }),
    );
    phone.close();
    await wire?.close();
  }
}

/** null: the wire was not heard whole. */
async function firstAudioOn(wire: WireWatch): Promise<Summary | null> {
  const { datagrams, missed } = await wire.stop();
  const waits = new Distribution();
  for (const wait of firstAudioAfter200(datagrams, soundRms).values()) waits.add(wait);
  return missed === 0 ? waits.summary() : null;
}

async function placeCall(
  bridge: Bridge,
  phone: SipPhone,
  number: string,
  measures: Measures,
): Promise<BenchCall> {
  let [phoneSaidAt, roomSaidAt] = [Number.NaN, Number.NaN];
  const atRoom = new BurstDetector(phoneRateHz, (at) => measures.phoneToRoom.add(at - phoneSaidAt));
  const atPhone = new BurstDetector(phoneRateHz, (at) => measures.roomToPhone.add(at - roomSaidAt));
  const listener = await joinRoom(
    bridge.livekit,
    `bench_${number}`,
    bursts(phoneRateHz, () => {
      roomSaidAt = performance.now();
    }),
    (samples) => atRoom.hear(samples),
  );
  const [address = '', port = ''] = bridge.sip.split(':');
  const call = await phone.call({
    target: { address, port: Number(port) },
    to: number,
    from: `+1${number.slice(1)}`,
    credentials: benchCredentials,
    says: bursts(phoneRateHz, () => {
      phoneSaidAt = performance.now();
    }),
    hears: (samples) => atPhone.hear(samples),
  });
  const answer = await call.answer;
  // What the 180 and the 200 count from is the INVITE that carries the credentials; the first one is answered by 100 and the challenge.
  const challenged = call.timeline.at('INVITE with credentials');
  if (challenged !== null) measures.toChallenge.add(challenged);
  const asked = challenged ?? 0;
  for (const [event, distribution] of [
    ['180 Ringing', measures.to180],
    ['200 OK', measures.to200],
  ] as const) {
    const at = call.timeline.at(event);
    if (at !== null) distribution.add(at - asked);
  }
  return { call, listener, isAnswered: answer.kind === 'answered' };
}

function noteFirstAudio(call: PhoneCall, measures: Measures): void {
  const [answeredAt, heardAt] = [
    call.timeline.at('200 OK'),
    call.timeline.at('first audio at the phone'),
  ];
  if (answeredAt !== null && heardAt !== null) measures.firstAudio.add(heardAt - answeredAt);
}

async function hold(bridge: Bridge, calls: readonly BenchCall[], holdMs: number) {
  const count = () => ({
    toPhone: calls.reduce((sum, { call }) => sum + call.packets.received, 0),
    toRoom: calls.reduce((sum, { listener }) => sum + listener.packetsHeard(), 0),
  });
  await pause(settleMs);
  const [startedAt, cpu, ownCpu, before] = [
    performance.now(),
    cpuMs(bridge.pid),
    process.cpuUsage(),
    count(),
  ];
  await pause(holdMs);
  const elapsedMs = performance.now() - startedAt;
  const own = process.cpuUsage(ownCpu);
  const now = count();
  const due = (calls.length * elapsedMs) / packetMs;
  return {
    deliveredToPhone: round((now.toPhone - before.toPhone) / due, 1_000),
    deliveredToRoom: round((now.toRoom - before.toRoom) / due, 1_000),
    cpuPercentPerCall: round(
      (100 * (cpuMs(bridge.pid) - cpu)) / elapsedMs / Math.max(1, calls.length),
      100,
    ),
    memoryMb: round(memoryMb(bridge.pid), 10),
    isVoid: (own.user + own.system) / 10 / elapsedMs > ownCpuMax,
  };
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps;
}

function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}
