/**
 * `npm run bench:leaks -- [--calls 5000] [--hold 2] [--slots 40] [--look 500]`: calls one after the other in so many rooms at a time, each held for two seconds and ended by
 * the phone or by the room in turn, and what the node's processes keep of them: heap after a collection, memory of their own, resident memory and file descriptors, looked at every
 * 500 calls while no call is up. The first 500 warm up what is compiled and pooled; what each call after them keeps is the slope through the looks that follow. Calls that are not answered
 * are counted by what came instead, and so are processes that did not live through it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RoomServiceClient } from 'livekit-server-sdk';
import { tone } from '../../audio/tone.ts';
import { phoneRateHz } from '../../phone/rtp-stream.ts';
import { SipPhone } from '../../phone/sip-phone.ts';
import { collectedHeapMb } from '../collected-heap.ts';
import { descriptors, family, ownMemoryMb, residentMb } from '../process-cost.ts';
import { encoded, joinDeaf, type RoomListener } from '../room-listener.ts';
import { runToEnd } from '../run-to-end.ts';
import { startCallgate } from './callgate-bridge.ts';
import { type Bridge, benchCredentials, firstNumber } from './measurement.ts';
import { makeRoute } from './own-phones.ts';
import { slope } from './slope.ts';

/** From the last BYE to the look: rooms are left, ports drained, transactions forgotten (32 s), ms. */
const settleMs = 40_000;

/** From a refusal to the next attempt, ms: a node that takes nobody for a moment is not to use up hundreds of calls. */
const refusedMs = 1_000;

/** From BYE, or the wish that the room ends it, to its end, ms. */
const endMs = 10_000;

interface Look {
  readonly calls: number;
  readonly heapMb: number;
  readonly memoryMb: number;
  readonly residentMb: number;
  readonly descriptors: number;
}

interface Round {
  /** Number of its first call. */
  readonly from: number;
  readonly calls: number;
  readonly slots: number;
  readonly holdMs: number;
}

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '5000' },
    hold: { type: 'string', default: '2' },
    slots: { type: 'string', default: '40' },
    look: { type: 'string', default: '500' },
  },
});
const say = (text: string) => process.stderr.write(`callgate: ${text}\n`);

async function main(): Promise<void> {
  const calls = Number(values.calls);
  const slots = Number(values.slots);
  const holdMs = Number(values.hold) * 1_000;
  const callsPerLook = Number(values.look);
  if (!(callsPerLook >= 1 && calls >= 3 * callsPerLook))
    throw new Error('--calls: expected three times as many as --look, or more');
  // All media processes from the start: one that begins later would be taken for what calls leave behind.
  const environment = { CALLGATE_MEDIA_PROCESSES: '2' };
  const bridge = await startCallgate('opus', { from: 24_000, to: 25_999 }, say, environment);
  const phone = await SipPhone.open('127.0.0.2');
  const listeners: RoomListener[] = [];
  try {
    await makeRoute(bridge);
    listeners.push(...(await listenIn(bridge, slots)));
    const looks: Look[] = [];
    const unanswered = new Map<string, number>();
    // A source that has never had a call taken is a stranger, and may not begin with so many at once.
    await playRound(bridge, phone, { from: calls, calls: 1, slots: 1, holdMs }, unanswered);
    const processes = family(bridge.pid);
    for (let from = 0; from < calls; from += callsPerLook) {
      const round = { from, calls: Math.min(callsPerLook, calls - from), slots, holdMs };
      await playRound(bridge, phone, round, unanswered);
      say(`${from + round.calls} calls are over; not answered: ${told(unanswered)}`);
      await pause(settleMs);
      looks.push(await look(bridge, from + round.calls));
    }
    const now = new Set(family(bridge.pid));
    const processesLost = processes.filter((pid) => !now.has(pid)).length;
    report(looks, { unanswered, processesLost, refused: await refusedBy(bridge.healthUrl) });
  } finally {
    phone.close();
    await Promise.all(listeners.map((listener) => listener.leave()));
    await bridge.stop();
  }
}

/** Somebody who speaks in each room, and listens to nothing. */
function listenIn(bridge: Bridge, slots: number): Promise<RoomListener[]> {
  const source = encoded(tone({ frequencyHz: 440, sampleRateHz: phoneRateHz }));
  const voice = Array.from({ length: 50 }, () => Uint8Array.from(source()));
  return Promise.all(
    Array.from({ length: slots }, (_, slot) => {
      let at = 0;
      const says = () => voice[at++ % voice.length] ?? new Uint8Array();
      return joinDeaf(bridge.livekit, roomOf(slot), says);
    }),
  );
}

/** So many calls, one after the other in each slot. @param unanswered counts those that were not answered, by what came instead */
async function playRound(
  bridge: Bridge,
  phone: SipPhone,
  round: Round,
  unanswered: Map<string, number>,
): Promise<void> {
  const { url, apiKey, apiSecret } = bridge.livekit;
  const rooms = new RoomServiceClient(url.replace(/^ws/, 'http'), apiKey, apiSecret);
  const [address = '', port = ''] = bridge.sip.split(':');
  let next = 0;
  const play = async (slot: number) => {
    while (next < round.calls) {
      const number = round.from + next++;
      const from = `+1444${String(number).padStart(7, '0')}`;
      const call = await phone.call({
        target: { address, port: Number(port) },
        to: String(firstNumber + slot),
        from,
        credentials: benchCredentials,
        line: { isRecorded: false },
      });
      const answer = await call.answer;
      if (answer.kind !== 'answered') {
        const why = answer.kind === 'refused' ? `${answer.status}` : answer.kind;
        unanswered.set(why, (unanswered.get(why) ?? 0) + 1);
        await pause(refusedMs);
        continue;
      }
      await pause(round.holdMs);
      if (number % 2 === 0) call.hangUp();
      // The room ends it; when that fails the phone does, so that the bench goes on.
      else await rooms.removeParticipant(roomOf(slot), `sip_${from}`).catch(() => call.hangUp());
      await Promise.race([call.ended, pause(endMs)]);
      call.forget();
    }
  };
  await Promise.all(Array.from({ length: round.slots }, (_, slot) => play(slot)));
}

/** What the node itself counts of requests that it refused. */
async function refusedBy(healthUrl: string): Promise<ReadonlyMap<string, number>> {
  const metrics = await (await fetch(`${healthUrl}/metrics`)).text();
  const counts = metrics.matchAll(/^callgate_sip_refused_total\{rule="([^"]+)"\} (\d+)/gm);
  return new Map([...counts].map(([, rule = '', count]) => [rule, Number(count)]));
}

const told = (counts: ReadonlyMap<string, number>) =>
  [...counts].map(([why, count]) => `${count} x ${why}`).join(', ') || 'none';

async function look(bridge: Bridge, calls: number): Promise<Look> {
  let heapMb = 0;
  for (const pid of family(bridge.pid)) heapMb += await collectedHeapMb(pid);
  const seen = {
    calls,
    heapMb,
    memoryMb: ownMemoryMb(bridge.pid),
    residentMb: residentMb(bridge.pid),
    descriptors: descriptors(bridge.pid),
  };
  say(
    `${calls} calls: heap ${heapMb.toFixed(1)} MB, ${seen.memoryMb.toFixed(1)} MB of its own, ${seen.descriptors} descriptors`,
  );
  return seen;
}

/** The first look is after the calls that warm up. */
function report(
  looks: readonly Look[],
  {
    unanswered,
    processesLost,
    refused,
  }: {
    readonly unanswered: ReadonlyMap<string, number>;
    readonly processesLost: number;
    readonly refused: ReadonlyMap<string, number>;
  },
): void {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined) return;
  const perCallKb = (of: (one: Look) => number) =>
    (1_024 * slope(looks.map((one) => [one.calls, of(one)]))).toFixed(2);
  const rows = [
    ['calls', last.calls],
    ['not answered', told(unanswered)],
    ['requests that the node refused, by its rule', told(refused)],
    ['processes that ended', processesLost],
    [`kept per call after the first ${first.calls}: heap, KB`, perCallKb((one) => one.heapMb)],
    ['… own memory, KB', perCallKb((one) => one.memoryMb)],
    ['… resident, KB', perCallKb((one) => one.residentMb)],
    [
      `descriptors after ${first.calls} calls, at the end`,
      `${first.descriptors}, ${last.descriptors}`,
    ],
  ];
  const lines = ['| | |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const roomOf = (slot: number) => `bench_${firstNumber + slot}`;

runToEnd(main, say);
