/** A node as its operator watches it: metrics, log lines and health of a run with calls that went well and calls that did not. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { dashboardQueries, metricsIn, metricsOf } from '../grafana/dashboard-metrics.ts';
import { runSecrets } from '../local/secret-watch.ts';
import { SipPhone } from '../phone/sip-phone.ts';
import { asOperator } from './operator.ts';
import { agentIn, dial, dialUntilAnswered } from './phone-calls.ts';
import {
  eventually,
  isNodeIdle,
  numbers,
  type RoutedStack,
  startRoutedStack,
  unknownNumber,
} from './routed-stack.ts';
import { SpanCollector } from './span-collector.ts';

const [number = ''] = numbers;
let collector: SpanCollector;
let stack: RoutedStack;
let phone: SipPhone;
let agent: Agent;

beforeAll(async () => {
  collector = await SpanCollector.start();
  stack = await startRoutedStack({
    departureTimeoutS: 1,
    nodeEnvironment: { CALLGATE_OTLP_URL: collector.url },
    edgeVariables: { OTLP_URL: collector.url },
  });
  phone = await SipPhone.open('127.0.0.2');
  agent = await agentIn(stack, number);
  const call = await dialUntilAnswered(stack, phone, number);
  await eventually('the phone hears the room', () => call.packets.received > 60);
  call.hangUp();
  await call.ended;
  const stranger = await dial(stack, phone, unknownNumber);
  expect(await stranger.answer).toMatchObject({ kind: 'refused', status: 404 });
  await eventually('the node is idle', () => isNodeIdle(stack));
  await eventually('both calls are counted', async () => {
    const text = await metrics();
    return (
      endedOf(text, 'caller-hung-up', 'success') === 1 && endedOf(text, 'no-trunk', 'caller') === 1
    );
  });
});
afterAll(async () => {
  await agent?.leave();
  phone?.close();
  await stack?.stop();
  await collector?.close();
});

const get = (path: string) => fetch(`${stack.node.healthUrl}${path}`);
const metrics = async () => (await get('/metrics')).text();

/** The value of a sample; null: there is none. */
function sampleOf(text: string, sample: string): number | null {
  const line = text.split('\n').find((one) => one.startsWith(`${sample} `));
  return line === undefined ? null : Number(line.slice(sample.length + 1));
}

/** Calls that ended for a reason. */
const endedOf = (text: string, reason: string, result: string) =>
  sampleOf(text, `callgate_calls_total{reason="${reason}",result="${result}"}`);

describe('/metrics', () => {
  it('counts the calls by outcome, and times their stages', async () => {
    const text = await metrics();
    expect(endedOf(text, 'caller-hung-up', 'success')).toBe(1);
    expect(endedOf(text, 'no-trunk', 'caller')).toBe(1);
    expect(sampleOf(text, 'callgate_stage_seconds_count{stage="answered"}')).toBe(1);
    expect(sampleOf(text, 'callgate_wait_seconds_count{wait="edge.decide",result="ok"}')).toBe(3);
  });

  it('counts RTP packets and ticks of the media processes while they run', async () => {
    const total = (text: string, pattern: RegExp) =>
      [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
    await eventually('the processes have told their figures', async () => {
      const text = await metrics();
      return (
        total(text, /^callgate_rtp_packets_total\{process="\d+",kind="received"\} (\d+)$/gm) > 10 &&
        total(text, /^callgate_rtp_packets_total\{process="\d+",kind="sent"\} (\d+)$/gm) > 10 &&
        total(text, /^callgate_media_tick_\w+\{process="\d+",le="\+Inf"\} (\d+)$/gm) > 10
      );
    });
  });

  it('has as many series after many strangers as before', async () => {
    const series = async () =>
      (await metrics()).split('\n').filter((line) => /^callgate_/.test(line)).length;
    const before = await series();
    const strangers = 20;
    for (let n = 0; n < strangers; n++) {
      const stranger = await dial(stack, phone, `+1555${String(n).repeat(7).slice(0, 7)}`);
      await stranger.answer;
    }
    // One for each of them, or more, if they were told apart. A record that the edge has just taken may be the first of its kind.
    expect(await series()).toBeLessThan(before + strangers);
  });
});

describe('the dashboard and the documentation', () => {
  it('ask for metrics that the node has', async () => {
    const queries = dashboardQueries();
    expect(queries.length).toBeGreaterThan(20);
    const known = metricsOf(await metrics());
    for (const { panel, query } of queries) {
      const asked = metricsIn(query);
      expect(asked.length, `${panel}: ${query}`).toBeGreaterThan(0);
      expect(
        asked.filter((name) => !known.has(name)),
        `${panel}: ${query}`,
      ).toEqual([]);
    }
  });

  it('name every metric of ours', async () => {
    const documented = readFileSync(new URL('../../docs/watching.md', import.meta.url), 'utf8');
    const ours = [...(await metrics()).matchAll(/^# TYPE (callgate_\w+)/gm)].map(
      ([, name]) => name,
    );
    expect(ours.length).toBeGreaterThan(15);
    expect(ours.filter((name) => !documented.includes(`\`${name}\``))).toEqual([]);
  });
});

/** Every line of node and edge, parsed. */
const parsed = () =>
  stack.lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the log', () => {
  it('has the trace id in every line that has a call id, at the node and at the edge', async () => {
    const told = () => parsed().filter((line) => typeof line['call_id'] === 'string');
    await eventually('both sides have written', () =>
      [
        'call-offered',
        'call-decided',
        'call-answered',
        'call-refused',
        'call-ended',
        'media-closed',
      ].every((event) => told().some((line) => line['event'] === event)),
    );
    const ofCalls = told();
    for (const line of ofCalls)
      expect(line['trace_id'], JSON.stringify(line)).toMatch(/^[0-9a-f]{32}$/);
    const tracesOf = (callId: unknown) =>
      new Set(ofCalls.filter((line) => line['call_id'] === callId).map((line) => line['trace_id']));
    for (const { call_id } of ofCalls) expect(tracesOf(call_id).size).toBe(1);
  });

  it('gives one decision line for each question, which Cloudflare shows as it is', async () => {
    const lines = () => parsed().filter(({ event }) => event === 'call-decided');
    await eventually('the edge has written', () => lines().length >= 3);
    const decided = lines();
    expect(decided.slice(0, 3).map(({ decision, reason }) => [decision, reason])).toEqual([
      ['challenge', 'challenge-unanswered'],
      ['join', null],
      ['refuse', 'no-trunk'],
    ]);
  });
});

it('says as little or as much as it is told to from afar, without a restart', async () => {
  const setLevel = async (level: string) =>
    (await asOperator(stack, 'POST', '/v1/nodes/local/log-level', { level })).status;
  // Each of a source of its own: of one source a line is written once a second.
  const refuse = async (caller: SipPhone) => {
    const call = await dial(stack, caller, unknownNumber);
    expect(await call.answer).toMatchObject({ kind: 'refused', status: 404 });
  };
  const told = () => stack.nodeEvents('call-refused').length;
  const before = told();
  const other = await SipPhone.open('127.0.0.5');
  expect(await setLevel('error')).toBe(200);
  await refuse(phone);
  expect(await setLevel('info')).toBe(200);
  await refuse(other);
  other.close();
  // Lines come in their order: had the first been told, both would be here.
  await eventually('the second is told', () => told() > before);
  expect(told()).toBe(before + 1);
  expect(await setLevel('loud')).toBe(400);
});

describe('the trace of a call', () => {
  it('leads from the INVITE through the edge to the room, under the id of its lines and record', async () => {
    const [answered] = parsed().filter(({ event }) => event === 'call-answered');
    const ofCall = () =>
      collector.spans.filter(({ traceId }) => traceId === answered?.['trace_id']);
    const named = (name: string) => ofCall().filter((span) => span.name === name);
    const expected = { call: 1, invite: 2, 'edge.decide': 2, decide: 2, 'room.join': 1 };
    await eventually('the spans have come', () =>
      Object.entries({ ...expected, 'room.audible': 1 }).every(
        ([name, count]) => named(name).length >= count,
      ),
    );
    const [challenged, invite] = named('invite');
    expect(named('edge.decide').map(({ parentSpanId }) => parentSpanId)).toEqual([
      challenged?.spanId,
      invite?.spanId,
    ]);
    // The edge's own spans, by its own way to the collector.
    const asked = named('edge.decide').map(({ spanId }) => spanId);
    expect(
      named('decide')
        .map(({ parentSpanId }) => parentSpanId)
        .sort(),
    ).toEqual(asked.sort());
    for (const name of ['room.join', 'room.audible', 'call'])
      expect(named(name).map(({ parentSpanId }) => parentSpanId)).toEqual([invite?.spanId]);
  });

  it('holds no number and no secret', () => {
    for (const line of collector.bodies) {
      runSecrets.search('collector', line);
      expect(line).not.toMatch(/\+1555\d/);
    }
    expect(collector.bodies.length).toBeGreaterThan(1);
  });
});

describe('the ladder of a call', () => {
  it('shows what was said from INVITE to BYE, and no secret and no number', async () => {
    const [answered] = parsed().filter(({ event }) => event === 'call-answered');
    const path = `/calls/${String(answered?.['call_id'])}/ladder`;
    const text = await (await get(path)).text();
    const json = (await (await get(`${path}.json`)).json()) as Record<string, unknown>;
    const said = text.match(/(?<=node {3}|node {3}SIP\/2.0 )(\d+|[A-Z]+)(?= )/g) ?? [];
    // Who is not known has a 100 only when the decision takes long.
    expect(said.filter((step) => step !== '100').slice(0, 8)).toEqual([
      'INVITE',
      '407',
      'ACK',
      'INVITE',
      '180',
      '200',
      'ACK',
      'BYE',
    ]);
    expect(text).toContain('m=audio ');
    expect(json).toMatchObject({ trace_id: answered?.['trace_id'] });
    for (const line of [...text.split('\n'), JSON.stringify(json)]) {
      expect(line).not.toContain(number);
      expect(line).not.toContain('+15550199');
      runSecrets.search('ladder', line);
    }
  });

  it('is unknown for a call that never was', async () => {
    expect((await get('/calls/SCL_222222222222/ladder')).status).toBe(404);
  });
});

describe('readiness', () => {
  it('holds while calls are taken, and names what an operator should know', async () => {
    await eventually('the node is linked', async () => {
      const response = await get('/ready');
      const body = (await response.json()) as { warnings: string[] };
      return response.status === 200 && body.warnings.length === 0;
    });
  });

  it('warns when the edge is away, and still takes calls', async () => {
    stack.edge.kill('SIGKILL');
    await stack.edge.ended;
    await eventually('the node misses the link', async () => {
      const response = await get('/ready');
      const body = (await response.json()) as { warnings: string[] };
      return response.status === 200 && body.warnings.includes('edge-unlinked');
    });
    expect(await metrics()).toContain('\ncallgate_edge_linked 0\n');
  });
});
