/** Everything that watches the node, put together: its metrics, the log that is counted, what hears of calls. */
import { Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import { type CallWatch, unwatched } from './call-watch.ts';
import type { Log } from './log.ts';
import { meteredCalls } from './metrics/call-metrics.ts';
import { meteredLog } from './metrics/log-metrics.ts';
import { tracedCalls } from './tracing/call-spans.ts';
import type { OtlpOptions } from './tracing/otlp.ts';

export interface Watching {
  readonly registry: Registry;
  readonly log: Log;
  readonly calls: CallWatch;
  /** Sends what is still to be sent. */
  close(): Promise<void>;
}

/** @param otlp where spans go; null: nowhere, and nothing of OpenTelemetry is loaded */
export async function createWatching(
  plainLog: Log,
  clock: Clock,
  otlp: Omit<OtlpOptions, 'clock'> | null,
): Promise<Watching> {
  const registry = new Registry();
  const log = meteredLog(registry, plainLog);
  if (otlp === null)
    return { registry, log, calls: meteredCalls(registry, unwatched), close: async () => {} };
  const { openOtlp } = await import('./tracing/otlp.ts');
  const sink = openOtlp({ ...otlp, clock });
  const calls = meteredCalls(
    registry,
    tracedCalls(clock, (span) => sink.add(span)),
  );
  return { registry, log, calls, close: () => sink.close() };
}
