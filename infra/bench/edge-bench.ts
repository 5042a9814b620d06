/**
 * Bench of the edge on this machine: decisions and changes with few and with 1,000,000 numbers in the table, on the Worker in workerd as it would be deployed. All
 * tables stand side by side and are measured in turn, round after round, so that what else the machine does meets all alike: ratios count, milliseconds are this
 * machine's. `node infra/bench/edge-bench.ts [--numbers 10,10000,1000000] [--rounds 20] [--json]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWorker } from '../local/worker-bundle.ts';
import { type Changed, EdgeSubject } from './edge-subject.ts';

const { values } = parseArgs({
  options: {
    numbers: { type: 'string', default: '10,10000,1000000' },
    rounds: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
/** Numbers called in turn: those that an isolate holds. */
const calledNumbers = 50;
/** Decisions of one table in one round. */
const decisionsPerRound = 100;
const coldPerRound = 5;
const changes = 5;
/** Calls to numbers all over the table before the heap is measured: more shards than an isolate keeps. */
const callsAllOver = 3_000;
/** KV takes one write a second for one key: a change that comes sooner waits. */
const betweenChangesMs = 1_500;

interface Measured {
  readonly subject: EdgeSubject;
  readonly firstKvReads: number;
  readonly warmMs: number[];
  readonly warmKvReads: number[];
  readonly coldMs: number[];
  readonly changed: Changed[];
  cpuMs: number;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function measureWarm(measured: Measured): Promise<void> {
  const { subject } = measured;
  const cpuBefore = subject.cpuMs();
  for (let call = 0; call < decisionsPerRound; call += 1) {
    const { ms, kvReads } = await subject.decide(
      subject.numberAt((call % calledNumbers) / calledNumbers),
    );
    measured.warmMs.push(ms);
    measured.warmKvReads.push(kvReads);
  }
  measured.cpuMs += subject.cpuMs() - cpuBefore;
}

async function measureCold({ subject, coldMs }: Measured, round: number): Promise<void> {
  for (let call = 0; call < coldPerRound; call += 1) {
    const share = (round * coldPerRound + call + 0.37) / (rounds * coldPerRound);
    coldMs.push((await subject.decide(subject.numberAt(share))).ms);
  }
}

/** In turn, forwards and backwards: nobody is always the first after a pause. */
async function inTurn(
  all: readonly Measured[],
  round: number,
  act: (one: Measured) => Promise<void>,
): Promise<void> {
  for (const one of round % 2 === 0 ? all : all.toReversed()) await act(one);
}

async function figuresOf(measured: Measured) {
  const { subject, warmMs, warmKvReads, coldMs, changed } = measured;
  const of = (pick: (one: Changed) => number) => percentile(changed.map(pick), 0.5);
  const cpuMs = measured.cpuMs / warmMs.length;
  for (let call = 0; call < callsAllOver; call += 1)
    await subject.decide(subject.numberAt(((call * 7_919) % callsAllOver) / callsAllOver));
  return {
    numbers: subject.numbers,
    decision_p50_ms: percentile(warmMs, 0.5),
    decision_p95_ms: percentile(warmMs, 0.95),
    decision_cpu_ms: cpuMs,
    decisions_per_second_per_core: 1_000 / cpuMs,
    first_call_to_a_number_p50_ms: percentile(coldMs, 0.5),
    kv_reads_of_the_first_decision: measured.firstKvReads,
    kv_reads_of_a_warm_decision_p50: percentile(warmKvReads, 0.5),
    // The manifest is looked at again every few seconds, by one decision of many.
    kv_reads_of_a_warm_decision_mean: mean(warmKvReads),
    change_answered_ms: of((one) => one.answeredMs),
    change_known_to_node_ms: of((one) => one.toNodeMs),
    change_published_ms: of((one) => one.publishedMs),
    shards_written: of((one) => one.shardsWritten),
    shards: of((one) => one.shards),
    isolate_heap_mb: await subject.heapMb(),
  };
}

type Figures = Awaited<ReturnType<typeof figuresOf>>;

function percentile(numbers: readonly number[], part: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * part)] ?? 0;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
}

/** One line for each figure: its value for each table, and the last by the first. */
function table(figures: readonly Figures[]): Record<string, Record<string, number>> {
  const [first] = figures;
  const last = figures.at(-1);
  if (first === undefined || last === undefined) return {};
  const rounded = (n: number) => Number(n.toPrecision(4));
  const names = Object.keys(first).filter((name) => name !== 'numbers') as (keyof Figures)[];
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        ...Object.fromEntries(figures.map((one) => [String(one.numbers), rounded(one[name])])),
        ratio: rounded(last[name] / first[name]),
      },
    ]),
  );
}

const rounds = Number(values.rounds);
const folder = await mkdtemp(join(tmpdir(), 'callgate-edge-bench-'));
const all: Measured[] = [];
try {
  const bundle = await buildWorker(join(folder, 'bundle'));
  for (const numbers of values.numbers.split(',').map(Number)) {
    const subject = await EdgeSubject.start(bundle, numbers, say);
    const { kvReads } = await subject.decide(subject.numberAt(0));
    all.push({
      subject,
      firstKvReads: kvReads,
      warmMs: [],
      warmKvReads: [],
      coldMs: [],
      changed: [],
      cpuMs: 0,
    });
  }
  for (const one of all)
    for (let call = 0; call < calledNumbers * 4; call += 1)
      await one.subject.decide(one.subject.numberAt((call % calledNumbers) / calledNumbers));
  for (let round = 0; round < rounds; round += 1) {
    await inTurn(all, round, measureWarm);
    await inTurn(all, round, (one) => measureCold(one, round));
    say(`round ${round + 1} of ${rounds}`);
  }
  for (let change = 0; change < changes; change += 1) {
    await new Promise((settle) => setTimeout(settle, betweenChangesMs));
    await inTurn(all, change, async (one) => {
      one.changed.push(await one.subject.addNumber(`+1999${change}`));
    });
  }
  const figures: Figures[] = [];
  for (const one of all) figures.push(await figuresOf(one));
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(table(figures));
} finally {
  for (const { subject } of all) await subject.stop();
  await rm(folder, { recursive: true, force: true });
}
