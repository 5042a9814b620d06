import { env } from 'cloudflare:workers';
import { decisionExamples } from '@callgate/shared/contract/decision.ts';
import { offerExample } from '@callgate/shared/contract/offer.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testNodeToken } from '../../testdata/bindings.ts';
import { credentialsFor, decide, offerOf } from '../../testdata/phone.ts';
import { asNode, putRouting, send } from '../../testdata/requests.ts';
import { logLine, withLogFields } from '../log.ts';
import { sendDecisionSpan } from './decision-span.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const lines: Record<string, unknown>[] = [];
beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line: string) => {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  lines.length = 0;
});

const decided = () => lines.filter(({ event }) => event === 'call-decided');
const trunk = { sip_trunk_id: 'ST_a', numbers: ['+15550100'] };
const rule = {
  sip_dispatch_rule_id: 'SDR_a',
  rule: { dispatch_rule_direct: { room_name: 'lobby' } },
};

describe('the line of a decision', () => {
  it('names call, trace, node, verdict, trunk, rule and revision, and masks the numbers', async () => {
    const { revision } = await putRouting({ trunks: [trunk], rules: [rule] });
    await send('POST', '/v1/offers', offerOf({ min_revision: revision }), {
      authorization: `Bearer ${testNodeToken}`,
      traceparent: `00-${traceId}-00f067aa0ba902b7-00`,
    });
    expect(decided()).toEqual([
      {
        level: 'info',
        event: 'call-decided',
        call_id: offerExample.call_id,
        trace_id: traceId,
        node: 'test-1',
        decision: 'join',
        reason: null,
        trunk_id: 'ST_a',
        rule_id: 'SDR_a',
        revision,
        kv_reads: expect.any(Number),
        table_questions: expect.any(Number),
        from: '*****0199',
        to: '*****0100',
        source: '203.0.113.7',
        transport: 'udp',
        has_credentials: false,
        took_ms: expect.any(Number),
      },
    ]);
  });

  it('tells why a call was refused', async () => {
    const { revision } = await putRouting({ trunks: [trunk] });
    await decide({ min_revision: revision });
    expect(decided()).toMatchObject([{ decision: 'refuse', reason: 'no-rule', trace_id: null }]);
  });

  it('holds nothing of credentials, PIN or ticket', async () => {
    const user = { username: 'alice', password: 'wonderland' };
    const { revision } = await putRouting({
      trunks: [{ ...trunk, auth_username: user.username, auth_password: user.password }],
      rules: [{ ...rule, rule: { dispatch_rule_direct: { room_name: 'lobby', pin: '83461' } } }],
    });
    const challenge = await decide({ min_revision: revision });
    const credentials = credentialsFor(challenge, user);
    const asked = await decide({ min_revision: revision, credentials });
    if (asked.kind !== 'ask-pin') throw new Error(`expected ask-pin, got ${asked.kind}`);
    const pin = { contract: 1, ticket: asked.ticket, digits: '83461' };
    const response = await asNode('POST', `/v1/offers/${offerExample.call_id}/pin`, pin);
    expect(await response.json()).toMatchObject({ kind: 'join' });
    expect(decided().map(({ decision }) => decision)).toEqual(['challenge', 'ask-pin', 'join']);
    const text = JSON.stringify(lines);
    for (const secret of ['83461', 'wonderland', asked.ticket, credentials?.value ?? '', 'eyJ'])
      expect(text).not.toContain(secret);
  });

  it('shares its ids with every line that is written on the way, however deep', async () => {
    await withLogFields({ call_id: 'SCL_a', trace_id: traceId }, async () => {
      await Promise.resolve();
      logLine('warn', 'routing-kv-away', { message: 'x' });
    });
    logLine('warn', 'another', {});
    expect(lines).toEqual([
      {
        level: 'warn',
        event: 'routing-kv-away',
        call_id: 'SCL_a',
        trace_id: traceId,
        message: 'x',
      },
      { level: 'warn', event: 'another' },
    ]);
  });
});

describe('the span of a decision', () => {
  const otlp = { OTLP_URL: 'https://collector.test/otlp/', OTLP_HEADERS: 'x-team=voice, x-b=c d' };
  const trace = { traceId, spanId: '00f067aa0ba902b7', isSampled: true };
  const span = {
    trace,
    callId: offerExample.call_id,
    node: 'test-1',
    startMs: 1_795_000_000_000,
    endMs: 1_795_000_000_004,
    decision: decisionExamples.refuse,
  };
  const sent: Request[] = [];
  let status = 200;
  beforeEach(() => {
    status = 200;
    sent.length = 0;
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      sent.push(new Request(input instanceof Request ? input : String(input), init));
      return new Response(null, { status });
    });
  });

  it('goes to the collector as a child of the span that asked', async () => {
    await sendDecisionSpan({ ...env, ...otlp }, span);
    const [request] = sent;
    expect(request?.url).toBe('https://collector.test/otlp/v1/traces');
    expect(request?.headers.get('x-team')).toBe('voice');
    expect(request?.headers.get('x-b')).toBe('c d');
    expect(await request?.json()).toMatchObject({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  traceId,
                  parentSpanId: '00f067aa0ba902b7',
                  name: 'decide',
                  startTimeUnixNano: '1795000000000000000',
                  endTimeUnixNano: '1795000000004000000',
                  attributes: expect.arrayContaining([
                    { key: 'callgate.reason', value: { stringValue: 'no-trunk' } },
                  ]),
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('stays here when the node records none, or no collector is configured', async () => {
    await sendDecisionSpan({ ...env, ...otlp }, { ...span, trace: { ...trace, isSampled: false } });
    await sendDecisionSpan(env, span);
    expect(sent).toEqual([]);
  });

  it('costs a line when the collector refuses it or the setting is wrong, never a decision', async () => {
    status = 503;
    await sendDecisionSpan({ ...env, ...otlp }, span);
    await sendDecisionSpan({ ...env, ...otlp, OTLP_HEADERS: 'no pair' }, span);
    expect(lines.map(({ event, message }) => [event, message])).toEqual([
      ['span-not-sent', 'HTTP 503'],
      [
        'span-not-sent',
        'ConfigError: OTLP_HEADERS: expected name=value, several with commas between',
      ],
    ]);
  });
});
