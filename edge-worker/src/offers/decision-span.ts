/**
 * The edge's part of a call's trace: one span for each decision, handed to an OpenTelemetry collector by OTLP over HTTP in JSON, where one is configured and the node
 * records spans too. One span needs no queue and no library: it goes out when the decision has, and a collector that is away costs a log line.
 */
import type { Decision } from '@callgate/shared/contract/decision.ts';
import type { TraceContext } from '@callgate/shared/contract/traceparent.ts';
import { type Env, otlpOf } from '../env.ts';
import { logLine } from '../log.ts';
import { version } from '../version.ts';

export interface DecisionSpan {
  readonly trace: TraceContext;
  readonly callId: string;
  readonly node: string;
  /** Wall clock, ms since epoch. A Worker's clock stands still between I/O. */
  readonly startMs: number;
  readonly endMs: number;
  readonly decision: Decision;
}

const timeoutMs = 3_000;
/** SPAN_KIND_SERVER of OTLP. */
const server = 2;

/** Sends the span; nothing where nobody records. Never throws. */
export async function sendDecisionSpan(env: Env, span: DecisionSpan): Promise<void> {
  if (!span.trace.isSampled) return;
  try {
    const otlp = otlpOf(env);
    if (otlp === null) return;
    const response = await fetch(otlp.url, {
      method: 'POST',
      headers: { ...otlp.headers, 'content-type': 'application/json' },
      body: JSON.stringify(otlpOfSpan(span)),
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (!response.ok) logLine('warn', 'span-not-sent', { message: `HTTP ${response.status}` });
  } catch (error) {
    logLine('warn', 'span-not-sent', { message: String(error) });
  }
}

/** ExportTraceServiceRequest of OTLP 1.x in JSON. */
function otlpOfSpan({ trace, callId, node, startMs, endMs, decision }: DecisionSpan): object {
  return {
    resourceSpans: [
      {
        resource: {
          attributes: attributes({
            'service.name': 'callgate-edge',
            'service.version': version.version,
          }),
        },
        scopeSpans: [
          {
            scope: { name: 'callgate' },
            spans: [
              {
                traceId: trace.traceId,
                spanId: newSpanId(),
                parentSpanId: trace.spanId,
                name: 'decide',
                kind: server,
                startTimeUnixNano: `${startMs}000000`,
                endTimeUnixNano: `${endMs}000000`,
                attributes: attributes({
                  'callgate.call_id': callId,
                  'callgate.node': node,
                  'callgate.decision': decision.kind,
                  'callgate.revision': String(decision.revision),
                  ...('reason' in decision ? { 'callgate.reason': decision.reason } : {}),
                }),
                status: {},
              },
            ],
          },
        ],
      },
    ],
  };
}

function attributes(values: Readonly<Record<string, string>>): object[] {
  return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

function newSpanId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex');
}
