/**
 * Bench of the edge on this machine: decisions with 10, 10,000 and 1,000,000 numbers in the table, and one number changed in each, on the Worker in workerd as it
 * would be deployed. Ratios within one run count; milliseconds are this machine's. `node infra/bench/edge-bench.ts [--numbers 10,10000,1000000] [--json]`
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { linkProtocol } from '@callgate/shared/contract/link.ts';
import { offerExample } from '@callgate/shared/contract/offer.ts';
import { WebSocket } from 'ws';
import { type Operator, operatorOf, published } from '../clients/operator.ts';
import { type Edge, startEdge } from '../local/edge.ts';
import { buildWorker } from '../local/worker-bundle.ts';

const { values } = parseArgs({
  options: {
    numbers: { type: 'string', default: '10,10000,1000000' },
    json: { type: 'boolean', default: false },
  },
});
const sizes = values.numbers.split(',').map(Number);
const apiKey = 'APIbench';
const apiSecret = 'the-secret-of-the-bench-is-long-enough-for-it';
/** Numbers of one trunk, and trunks of one request while the table is filled. */
const numbersPerTrunk = 100;
const trunksPerRequest = 500;
const warmUp = 200;
const decisions = 2_000;
/** Numbers called in turn: those that an isolate holds. */
const calledNumbers = 50;

interface Figures {
  readonly numbers: number;
  /** ms from request to answer over a kept connection, one at a time. */
  readonly decisionP50Ms: number;
  readonly decisionP95Ms: number;
  /** First call to a number nobody has called yet. */
  readonly coldP50Ms: number;
  /** CPU of workerd for one decision, ms. */
  readonly cpuMs: number;
  readonly perSecondPerCore: number;
  /** One number changed: to the answer, to the linked node, until it is published. */
  readonly changeMs: number;
  readonly changeToNodeMs: number;
  readonly changePublishedMs: number;
  readonly residentMb: number;
}

async function measure(numbers: number): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-edge-bench-'));
  const bundle = await buildWorker(join(folder, 'bundle'));
  const livekit = { url: 'ws://127.0.0.1:9', apiKey, apiSecret };
  const edge = await startEdge({ bundle, stateFolder: join(folder, 'state'), livekit });
  try {
    const operator = await operatorOf({ edgeUrl: edge.url, apiKey, apiSecret });
    await fill(operator, numbers);
    const node = edge.secrets.nodeTokens['local'] ?? '';
    const step = Math.max(1, Math.floor(numbers / calledNumbers));
    const hot = Array.from({ length: calledNumbers }, (_, n) => numberOf((n * step) % numbers));
    for (let call = 0; call < warmUp; call += 1) await decide(edge, node, hot[call % hot.length]);
    const cpuBefore = await cpuMsOf(edge.pid);
    const times: number[] = [];
    for (let call = 0; call < decisions; call += 1)
      times.push(await decide(edge, node, hot[call % hot.length]));
    const cpuMs = ((await cpuMsOf(edge.pid)) - cpuBefore) / decisions;
    const cold: number[] = [];
    for (let call = 0; call < 100; call += 1)
      cold.push(await decide(edge, node, numberOf(Math.floor((call + 0.37) * (numbers / 100)))));
    const change = await changeOne(edge, operator, node);
    return {
      numbers,
      decisionP50Ms: percentile(times, 0.5),
      decisionP95Ms: percentile(times, 0.95),
      coldP50Ms: percentile(cold, 0.5),
      cpuMs,
      perSecondPerCore: 1_000 / cpuMs,
      ...change,
      residentMb: await residentMbOf(edge.pid),
    };
  } finally {
    await edge.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(operator: Operator, numbers: number): Promise<void> {
  await operator('PATCH', '/v1/routing', {
    rules: { SDR_all: { rule: { dispatch_rule_individual: { room_prefix: 'call' } } } },
  });
  const trunks = Math.ceil(numbers / numbersPerTrunk);
  for (let first = 0; first < trunks; first += trunksPerRequest) {
    const members: Record<string, object> = {};
    for (let n = first; n < Math.min(trunks, first + trunksPerRequest); n += 1) {
      const count = Math.min(numbersPerTrunk, numbers - n * numbersPerTrunk);
      const own = Array.from({ length: count }, (_, at) => numberOf(n * numbersPerTrunk + at));
      // An update leaves media set, as in LiveKit; set from the start, an update of a number is that of a number alone.
      members[`ST_${n}`] = { name: `trunk ${n}`, numbers: own, media: {} };
    }
    await operator('PATCH', '/v1/routing', { trunks: members });
    say(`${Math.min(trunks, first + trunksPerRequest)} of ${trunks} trunks`);
  }
  await published(operator);
}

/** One decision; returns how long it took, ms. */
async function decide(edge: Edge, node: string, number = ''): Promise<number> {
  const start = performance.now();
  const response = await fetch(`${edge.url}/v1/offers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${node}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...offerExample, min_revision: 0, to: { user: number, host: 'x' } }),
  });
  const decision = (await response.json()) as { kind: string };
  if (decision.kind !== 'join') throw new Error(`${number}: ${JSON.stringify(decision)}`);
  return performance.now() - start;
}

/** Gives one trunk one number more, as an application would, and watches from a linked node. */
async function changeOne(edge: Edge, operator: Operator, node: string) {
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const link = new WebSocket(`${edge.url.replace('http', 'ws')}/v1/nodes/link`, linkProtocol, {
    headers: { authorization: `Bearer ${node}` },
  });
  const told = new Promise<number>((resolve) => {
    let messages = 0;
    // The first message tells the revision as it is.
    link.on('message', () => {
      messages += 1;
      if (messages === 1) start();
      else resolve(performance.now());
    });
  });
  let startedAt = 0;
  let answered: Promise<number> = Promise.resolve(0);
  function start() {
    startedAt = performance.now();
    answered = operator('POST', '/twirp/livekit.SIP/UpdateSIPInboundTrunk', {
      sip_trunk_id: 'ST_0',
      update: { numbers: { add: ['+1999'] } },
    }).then(() => performance.now());
  }
  const toldAt = await told;
  const answeredAt = await answered;
  await published(operator);
  const publishedAt = performance.now();
  link.close();
  return {
    changeMs: answeredAt - startedAt,
    changeToNodeMs: toldAt - startedAt,
    changePublishedMs: publishedAt - startedAt,
  };
}

function numberOf(n: number): string {
  return `+1${String(n).padStart(9, '0')}`;
}

function percentile(times: readonly number[], part: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * part)] ?? 0;
}

/** CPU time of a process and its children (workerd is a child), ms: 10 ms ticks of /proc. */
async function cpuMsOf(pid: number): Promise<number> {
  let ticks = 0;
  for (const one of await withChildren(pid)) {
    const stat = await readFile(`/proc/${one}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10;
}

async function residentMbOf(pid: number): Promise<number> {
  let kilobytes = 0;
  for (const one of await withChildren(pid)) {
    const status = await readFile(`/proc/${one}/status`, 'utf8');
    if (status.startsWith('Name:\tworkerd'))
      kilobytes += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  }
  return Math.round(kilobytes / 1_024);
}

async function withChildren(pid: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const all = [pid];
  for (const one of all) all.push(...(children.get(one) ?? []));
  return all;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

const figures: Figures[] = [];
for (const size of sizes) figures.push(await measure(size));
if (values.json) console.log(JSON.stringify(figures));
else {
  const rounded = figures.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, n]) => [name, Number(n.toFixed(2))])),
  );
  console.table(rounded);
}
