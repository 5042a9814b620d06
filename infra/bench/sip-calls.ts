/**
 * `npm run bench:sip -- [--rates 10,50,100] [--seconds 5] [--peer PROGRAM]`: calls without media, placed by sipp (Debian: sip-tester) at each rate, through Callgate
 * and, when its program is given, through livekit/sip, in turns in one run: from the INVITE to 100, from the INVITE with credentials to 180, and the
 * processor time of the bridge's own processes for each call. Two kinds of call, both of which bring credentials when they are asked for them:
 * - refused: no codec of the caller's fits, so that a call is decided and refused and no room is entered;
 * - rings: the caller's room is empty; it waits there for a second, gives up with CANCEL and gets its 487.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SipClient } from 'livekit-server-sdk';
import { timeSipp } from '../lab/sipp.ts';
import type { SippStep } from '../lab/sipp-scenario.ts';
import { Distribution, type Summary } from './distribution.ts';
import { startCallgate } from './media/callgate-bridge.ts';
import { type Bridge, benchCredentials } from './media/measurement.ts';
import { startPeerBridge } from './media/peer-bridge.ts';
import { cpuMs } from './process-cost.ts';
import { runToEnd } from './run-to-end.ts';

/** After a run: what its calls have left behind is done by then, ms. */
const restMs = 3_000;
/** A caller waits so long in its room: there by then, and given up before anything else happens, ms. */
const waitMs = 1_000;
/** For what comes after the last call was placed, s. */
const patienceS = 15;
const number = '+15551000';
const rtpPorts = { from: 22_000, to: 23_999 };

const timers = { trying: 1, decided: 2 } as const;

type Kind = 'refused' | 'rings';

interface Subject {
  readonly bridge: Bridge;
  /** How it refuses an offer whose codecs it does not have. */
  readonly noCodecStatus: number;
}

interface Row {
  readonly bridge: string;
  readonly kind: Kind;
  readonly rate: number;
  readonly placed: number;
  readonly finished: number;
  readonly to100: Summary | null;
  /** To 180, or to the refusal. */
  readonly toDecided: Summary | null;
  readonly cpuMsPerCall: number;
}

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '10,50,100' },
    seconds: { type: 'string', default: '5' },
    peer: { type: 'string' },
  },
});

const say = (text: string) => process.stderr.write(`callgate: ${text}\n`);

/** What one caller does. */
function steps(kind: Kind, { noCodecStatus }: Subject): readonly SippStep[] {
  const challenged: SippStep[] = [
    { send: 'INVITE', startsTimer: timers.trying },
    { receive: 407, isChallenge: true, stopsTimer: { 100: timers.trying } },
    { send: 'ACK', to: 'refusal' },
  ];
  const invite = { send: 'INVITE', withCredentials: true, startsTimer: timers.decided } as const;
  if (kind === 'refused')
    return [
      ...challenged,
      { ...invite, offer: 'G.729 only' },
      { receive: noCodecStatus, stopsTimer: { [noCodecStatus]: timers.decided } },
      { send: 'ACK', to: 'refusal' },
    ];
  return [
    ...challenged,
    invite,
    { receive: 180, stopsTimer: { 180: timers.decided } },
    { pauseMs: waitMs },
    { send: 'CANCEL' },
    { receive: 200 },
    { receive: 487 },
    { send: 'ACK', to: 'refusal' },
  ];
}

async function measure(subject: Subject, kind: Kind, rate: number, seconds: number): Promise<Row> {
  const { bridge } = subject;
  const placed = Math.round(rate * seconds);
  say(`${bridge.name}: ${placed} calls, ${rate} a second, ${kind}`);
  const cpuBefore = cpuMs(bridge.pid);
  const times = await timeSipp(steps(kind, subject), {
    target: bridge.sip,
    number,
    ...benchCredentials,
    calls: placed,
    callsPerSecond: rate,
    timeoutS: Math.ceil(seconds) + patienceS,
  });
  await pause(restMs);
  const cpu = cpuMs(bridge.pid) - cpuBefore;
  const summary = (timer: number) => {
    const distribution = new Distribution();
    for (const ms of times.get(timer) ?? []) distribution.add(ms);
    return distribution.summary();
  };
  return {
    bridge: bridge.name,
    kind,
    rate,
    placed,
    finished: times.get(timers.decided)?.length ?? 0,
    to100: summary(timers.trying),
    toDecided: summary(timers.decided),
    cpuMsPerCall: cpu / placed,
  };
}

/** A trunk with credentials and a rule that gives every caller a room of its own. */
async function makeRoute({ apiUrl, livekit }: Bridge): Promise<void> {
  const sip = new SipClient(apiUrl, livekit.apiKey, livekit.apiSecret);
  const { sipTrunkId } = await sip.createSipInboundTrunk('bench', [number], {
    authUsername: benchCredentials.user,
    authPassword: benchCredentials.password,
  });
  await sip.createSipDispatchRule(
    { type: 'individual', roomPrefix: 'bench', pin: '' },
    { name: 'bench', trunkIds: [sipTrunkId] },
  );
}

/** A call that is let in, as a carrier's first one is: from then on its source is no stranger. */
async function introduce(subject: Subject): Promise<void> {
  const options = { number, ...benchCredentials, calls: 1, callsPerSecond: 1 };
  const target = subject.bridge.sip;
  await timeSipp(steps('rings', subject), { ...options, target, timeoutS: patienceS });
}

async function startSubjects(rateMax: number): Promise<Subject[]> {
  const callgate = await startCallgate('opus', rtpPorts, say, {
    CALLGATE_MAX_CALLS_PER_SECOND: String(4 * Math.ceil(rateMax)),
    CALLGATE_MAX_CALLS: '1000',
  });
  const subjects: Subject[] = [{ bridge: callgate, noCodecStatus: 488 }];
  try {
    if (values.peer !== undefined)
      subjects.push({ bridge: await startPeerBridge(values.peer), noCodecStatus: 400 });
    for (const { bridge } of subjects) await makeRoute(bridge);
    // It learns of trunks through Redis, or the edge's link; nothing tells when.
    await pause(restMs);
    for (const subject of subjects) await introduce(subject);
    return subjects;
  } catch (error) {
    await Promise.all(subjects.map(({ bridge }) => bridge.stop()));
    throw error;
  }
}

async function main(): Promise<void> {
  const rates = values.rates.split(',').map((text) => positive('rates', text));
  const seconds = positive('seconds', values.seconds);
  const subjects = await startSubjects(Math.max(...rates));
  try {
    // What is loaded and compiled with the first calls is no part of what calls cost; a source is known once one has rung.
    for (const subject of subjects) {
      await measure(subject, 'rings', 20, 2);
      await measure(subject, 'refused', 50, 2);
    }
    const rows: Row[] = [];
    for (const kind of ['refused', 'rings'] as const) {
      for (const rate of rates) {
        for (const subject of subjects) rows.push(await measure(subject, kind, rate, seconds));
      }
    }
    process.stdout.write(`${table(rows)}\n`);
  } finally {
    await Promise.all(subjects.map(({ bridge }) => bridge.stop()));
  }
}

function table(rows: readonly Row[]): string {
  const head = [
    'call',
    'a second',
    'bridge',
    'finished',
    'INVITE to 100 p50, p95, ms',
    'INVITE to 180 or refusal p50, p95, ms',
    'CPU a call, ms',
    'calls a second and core',
  ];
  const lines = rows.map((row) => [
    row.kind,
    row.rate,
    row.bridge,
    `${row.finished} of ${row.placed}`,
    spread(row.to100),
    spread(row.toDecided),
    row.cpuMsPerCall.toFixed(1),
    Math.round(1_000 / row.cpuMsPerCall),
  ]);
  return [head, head.map(() => '---'), ...lines].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function spread(summary: Summary | null): string {
  return summary === null ? '-' : `${summary.p50}, ${summary.p95}`;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000))
    throw new Error(`--${name} is ${JSON.stringify(text)}; expected a number from 1 to 1000`);
  return value;
}

runToEnd(main, say);
