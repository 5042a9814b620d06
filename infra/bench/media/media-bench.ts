/**
 * `npm run bench:media -- [--calls 1,10,30,60] [--hold 20] [--rate 5] [--judge PROGRAM] [--peer PROGRAM] [--audio opus,pass-through] [--until-delay 40] [--late 20]
 * [--write]`: calls through Callgate with audio coded as Opus for the room and passed through, and through livekit/sip when its program is given, in one run
 * on this machine. Without a judge our own phones judge. Bridges take turns at each number of calls, so that what else the
 * machine does meets all of them. The table goes to standard output; `--write` puts it and a plot into docs/performance.md.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Summary } from '../distribution.ts';
import { runToEnd } from '../run-to-end.ts';
import { type RoomAudio, startCallgate } from './callgate-bridge.ts';
import { comparisonTable, spreadTable } from './comparison.ts';
import type { Bridge, Load, Measurement } from './measurement.ts';
import { judgeFromOutside } from './outside-judge.ts';
import { judgeWithOwnPhones, makeRoute } from './own-phones.ts';
import { startPeerBridge } from './peer-bridge.ts';
import { writeReport } from './report.ts';

/** Between two runs on one bridge: rooms close, ports drain, ms. */
const restMs = 3_000;
/** A load is doubled no further than this many calls. */
const callsMax = 960;
const lateMs = 1_000;

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1,10,30,60' },
    hold: { type: 'string', default: '20' },
    rate: { type: 'string', default: '5' },
    judge: { type: 'string' },
    peer: { type: 'string' },
    audio: { type: 'string', default: 'opus,pass-through' },
    'until-delay': { type: 'string' },
    late: { type: 'string', default: '20' },
    write: { type: 'boolean', default: false },
  },
});

const say = (text: string) => process.stderr.write(`callgate: ${text}\n`);

/** Judges one bridge, with the judge that was asked for. */
async function judge(bridge: Bridge, load: Load): Promise<Measurement> {
  say(`${bridge.name}: ${load.calls} calls for ${load.holdS} s`);
  const measured =
    values.judge === undefined
      ? await judgeWithOwnPhones(bridge, load)
      : await judgeFromOutside(values.judge, bridge, load);
  await pause(restMs);
  return measured;
}

async function startBridges(): Promise<Bridge[]> {
  const bridges: Bridge[] = [];
  // Ports of one bridge must not be another's, the peer's are 20000 to 21999: a thousand for each, below the kernel's ephemeral ones.
  let port = 21_000;
  const ports = () => {
    port += 1_000;
    return { from: port, to: port + 999 };
  };
  try {
    if (values.peer !== undefined) bridges.push(await startPeerBridge(values.peer));
    for (const audio of values.audio.split(',')) {
      bridges.push(await startCallgate(roomAudio(audio), ports(), say));
    }
    for (const bridge of bridges) {
      await makeRoute(bridge);
      // What is loaded and compiled with the first call is no part of what calls cost.
      await judge(bridge, { calls: 2, rate: 2, holdS: 2 });
    }
    return bridges;
  } catch (error) {
    await Promise.all(bridges.map((bridge) => bridge.stop()));
    throw error;
  }
}

async function main(): Promise<void> {
  const loads = values.calls.split(',').map((text) => positive('calls', text));
  const [rate, holdS] = [positive('rate', values.rate), positive('hold', values.hold)];
  const late = Number(values.late);
  const bridges = await startBridges();
  const yardstick = values.peer === undefined ? null : (bridges[0]?.name ?? null);
  try {
    const measurements: Measurement[] = [];
    const tables: string[] = [];
    for (const calls of loads) {
      const row: Measurement[] = [];
      for (const bridge of bridges) row.push(await judge(bridge, { calls, rate, holdS }));
      measurements.push(...row);
      tables.push(comparisonTable(row, yardstick));
      process.stdout.write(`${tables.at(-1)}\n\n`);
    }
    if (values.judge !== undefined && late > 0) {
      tables.push(await trackToAnswer(values.judge, bridges, late, rate));
      process.stdout.write(`${tables.at(-1)}\n\n`);
    }
    if (values['until-delay'] !== undefined) {
      const limitMs = positive('until-delay', values['until-delay']);
      tables.push(await callsPerCore(bridges, limitMs, { rate, holdS }));
      process.stdout.write(`${tables.at(-1)}\n\n`);
    }
    if (values.write) await writeReport({ tables, measurements, command: commandLine() });
  } finally {
    await Promise.all(bridges.map((bridge) => bridge.stop()));
  }
}

/** The room's track comes a second after the 180: how long until the 200. */
async function trackToAnswer(
  program: string,
  bridges: readonly Bridge[],
  calls: number,
  rate: number,
): Promise<string> {
  const rows: { bridge: string; spread: Summary | null }[] = [];
  for (const bridge of bridges) {
    say(`${bridge.name}: ${calls} calls whose track comes late`);
    const { trackTo200Ms } = await judgeFromOutside(
      program,
      bridge,
      { calls, rate, holdS: 1 },
      { lateMs },
    );
    rows.push({ bridge: bridge.name, spread: trackTo200Ms });
    await pause(restMs);
  }
  return spreadTable('track published to 200, ms', rows);
}

/** Doubles the load until the p95 of a delay passes the limit, a call fails, or the judge has no processor left. */
async function callsPerCore(
  bridges: readonly Bridge[],
  limitMs: number,
  { rate, holdS }: { rate: number; holdS: number },
): Promise<string> {
  const lines = [
    `| most calls with p95 of delay within ${limitMs} ms | calls | cores used | calls per core | what came next |`,
    '| --- | --- | --- | --- | --- |',
  ];
  for (const bridge of bridges) {
    let best: Measurement | null = null;
    let next = '';
    for (let calls = 30; calls <= callsMax && next === ''; calls *= 2) {
      const one = await judge(bridge, { calls, rate: Math.max(rate, calls / 20), holdS });
      next = whatFailed(one, limitMs);
      if (next === '') best = one;
    }
    const cores = best === null ? 0 : (best.calls * best.cpuPercentPerCall) / 100;
    const perCore = best === null || cores === 0 ? '-' : Math.round(best.calls / cores);
    lines.push(
      `| ${bridge.name} | ${best?.calls ?? 0} | ${cores.toFixed(2)} | ${perCore} | ${next === '' ? 'not reached' : next} |`,
    );
  }
  return lines.join('\n');
}

function whatFailed(one: Measurement, limitMs: number): string {
  if (one.answered < one.calls)
    return `${one.calls} calls: ${one.calls - one.answered} not answered`;
  const worst = Math.max(one.phoneToRoomMs?.p95 ?? 0, one.roomToPhoneMs?.p95 ?? 0);
  const late = `${one.calls} calls: p95 ${worst} ms`;
  if (one.isVoid) return `${late}, the judge short of processor`;
  return worst > limitMs ? late : '';
}

function roomAudio(text: string): RoomAudio {
  if (text === 'opus' || text === 'pass-through') return text;
  throw new Error(`--audio is ${JSON.stringify(text)}; expected opus, pass-through or both`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 10_000))
    throw new Error(`--${name} is ${JSON.stringify(text)}; expected a number from 1 to 10000`);
  return value;
}

/** As a reader would type it: programs by name, whatever folder they lie in here. */
function commandLine(): string {
  const args = process.argv
    .slice(2)
    .map((arg) => (arg.includes('/') ? arg.slice(arg.lastIndexOf('/') + 1) : arg));
  return `npm run bench:media -- ${args.join(' ')}`;
}

runToEnd(main, say);
