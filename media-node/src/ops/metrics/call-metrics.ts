/**
 * What calls count for Prometheus: how they ended, how long each stage and each wait took, how they sounded. Labels are words of ours (reasons of the table of
 * outcomes, stages, codecs): nothing that a stranger sends becomes one. Times are in seconds, as Prometheus wants them.
 */
import { outcomes } from '@callgate/shared/call/outcome.ts';
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { CallWatch, Stage } from '../call-watch.ts';

/** From 5 ms, because 180 within 60 ms is the promise, to the longest ringing. */
const stageBuckets = [
  0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180,
];
const durationBuckets = [1, 5, 10, 30, 60, 180, 600, 1_800, 3_600, 14_400];
/** Share of packets: 1 % is heard, 5 % hurts. */
const lossBuckets = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5];
const jitterBuckets = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2];
const mosBuckets = [2, 2.5, 3, 3.25, 3.5, 3.75, 4, 4.1, 4.2, 4.3, 4.4, 4.5];

/** Counts, and lets `inner` watch as well. */
export function meteredCalls(registry: Registry, inner: CallWatch): CallWatch {
  const metrics = callMetrics(registry);
  return {
    begin(attempt) {
      metrics.invites.inc();
      const watch = inner.begin(attempt);
      return {
        stage(stage, afterMs) {
          metrics.stage(stage, afterMs);
          watch.stage(stage, afterMs);
        },
        wait(wait) {
          const stop = metrics.waits.startTimer({ wait });
          const waiting = watch.wait(wait);
          return {
            traceparent: waiting.traceparent,
            done(failure) {
              stop({ result: failure ?? 'ok' });
              waiting.done(failure);
            },
          };
        },
        ended(record) {
          metrics.ended(record);
          watch.ended(record);
        },
      };
    },
  };
}

function callMetrics(registry: Registry) {
  const registers = [registry];
  const invites = new Counter({
    name: 'callgate_invites_total',
    help: 'INVITEs that became a call attempt',
    registers,
  });
  const ended = new Counter({
    name: 'callgate_calls_total',
    help: 'Call attempts that have ended, by the reason in the table of outcomes, and whose fault that is',
    labelNames: ['reason', 'result'],
    registers,
  });
  const stages = new Histogram({
    name: 'callgate_stage_seconds',
    help: 'From the INVITE to each stage of a call',
    labelNames: ['stage'],
    buckets: stageBuckets,
    registers,
  });
  const waits = new Histogram<'wait' | 'result'>({
    name: 'callgate_wait_seconds',
    help: 'How long a question to the edge waited for its answer, with the reason when none came',
    labelNames: ['wait', 'result'],
    buckets: stageBuckets,
    registers,
  });
  const duration = new Histogram({
    name: 'callgate_call_duration_seconds',
    help: 'From the answer to the end of a call',
    buckets: durationBuckets,
    registers,
  });
  const quality = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, labelNames: ['codec'], buckets, registers });
  const loss = quality(
    'callgate_call_rtp_loss_ratio',
    'Share of packets from the phone that were lost, of calls that have ended',
    lossBuckets,
  );
  const jitter = quality(
    'callgate_call_rtp_jitter_seconds',
    'Interarrival jitter (RFC 3550) of calls that have ended',
    jitterBuckets,
  );
  const mos = quality(
    'callgate_call_mos',
    'How callers probably sounded (E-model), of calls that have ended',
    mosBuckets,
  );

  return {
    invites,
    waits,
    stage(stage: Stage, afterMs: number) {
      stages.observe({ stage: stage.replace(/_ms$/, '') }, afterMs / 1_000);
    },
    ended(record: CallRecord) {
      const { reason, stages: reached, media } = record;
      ended.inc({ reason, result: outcomes[reason].result });
      if (reached.answered_ms !== null)
        duration.observe((reached.ended_ms - reached.answered_ms) / 1_000);
      if (media === null) return;
      const { codec } = media;
      const due = media.packets_received + media.packets_lost;
      if (due > 0) loss.observe({ codec }, media.packets_lost / due);
      if (due > 0) jitter.observe({ codec }, media.jitter_ms / 1_000);
      if (media.mos !== null) mos.observe({ codec }, media.mos);
    },
  };
}
