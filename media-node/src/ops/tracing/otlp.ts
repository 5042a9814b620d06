/**
 * Hands spans to a collector by OTLP over HTTP. OpenTelemetry's own batch and exporter do it: a bounded queue, batches, retries; a collector that is away costs spans and
 * nothing else. Loaded only where it is configured: it costs some 15 MB of memory.
 */
import {
  type HrTime,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Clock } from '../../clock.ts';
import type { FinishedSpan } from './call-spans.ts';

export interface OtlpOptions {
  /** Of the collector, such as http://127.0.0.1:4318; `v1/traces` is added. */
  readonly url: URL;
  /** Sent along, such as an authorization. Secrets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly node: { readonly name: string; readonly version: string };
  readonly clock: Clock;
}

export interface SpanSink {
  add(span: FinishedSpan): void;
  /** Sends what is left, for a moment at most. Never throws. */
  close(): Promise<void>;
}

/** Spans that wait when the collector is slow; those beyond are dropped. */
const queueMax = 2_048;
const batchMax = 256;
const batchMs = 2_000;
const timeoutMs = 5_000;
/** While the node stops. */
const closeMs = 1_000;

const kinds: Readonly<Record<FinishedSpan['name'], SpanKind>> = {
  invite: SpanKind.SERVER,
  call: SpanKind.INTERNAL,
  'edge.decide': SpanKind.CLIENT,
  'edge.pin': SpanKind.CLIENT,
  'room.join': SpanKind.CLIENT,
  'room.audible': SpanKind.INTERNAL,
};

export function openOtlp({ url, headers, node, clock }: OtlpOptions): SpanSink {
  const base = url.href.endsWith('/') ? url.href : `${url.href}/`;
  const exporter = new OTLPTraceExporter({
    url: new URL('v1/traces', base).href,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
  });
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: queueMax,
    maxExportBatchSize: batchMax,
    scheduledDelayMillis: batchMs,
    exportTimeoutMillis: timeoutMs,
  });
  const resource = resourceFromAttributes({
    'service.name': 'callgate-node',
    'service.instance.id': node.name,
    'service.version': node.version,
  });
  return {
    add: (span) => processor.onEnd(readable(span, resource)),
    close: async () => {
      const late = Promise.withResolvers<void>();
      const limit = clock.after(closeMs, late.resolve);
      // A collector that is away has been away before: its spans are lost, the node stops.
      await Promise.race([processor.shutdown().catch(() => {}), late.promise]);
      limit.cancel();
    },
  };
}

function readable(span: FinishedSpan, resource: ReadableSpan['resource']): ReadableSpan {
  const context = (spanId: string): SpanContext => ({
    traceId: span.traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
  });
  const own = context(span.spanId);
  return {
    name: span.name,
    kind: kinds[span.name],
    spanContext: () => own,
    ...(span.parentSpanId === null ? {} : { parentSpanContext: context(span.parentSpanId) }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    status:
      span.failure === null
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: span.failure },
    attributes: { ...span.attributes },
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'callgate' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
