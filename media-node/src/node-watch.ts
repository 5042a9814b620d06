/** What an operator sees of the node: its figures for Prometheus, and the answers of the health listener, from the parts that know. */
import { spoolLimits } from '@callgate/shared/limits.ts';
import type { Registry } from 'prom-client';
import type { Admission } from './call/admission.ts';
import type { CallRegistry } from './call/call-registry.ts';
import type { TurnedAway } from './call/turned-away.ts';
import type { EdgeLink } from './edge/edge-link.ts';
import type { KnownChallenges } from './edge/known-challenges.ts';
import type { RecordSpool } from './edge/record-spool.ts';
import { lateTickBoundsMs } from './media/media-figures.ts';
import type { MediaPool } from './media/media-session.ts';
import type { NodeLoadView } from './node-load-view.ts';
import type { HealthOptions } from './ops/health.ts';
import { type Check, healthRoutes } from './ops/health-routes.ts';
import { registerNodeMetrics } from './ops/metrics/node-metrics.ts';
import { countResources } from './ops/resources.ts';
import type { SipEndpoint } from './sip/sip-endpoint.ts';
import { nodeVersion } from './version.ts';

export interface NodeWatchParts {
  readonly registry: Registry;
  readonly calls: CallRegistry;
  readonly admission: Admission;
  readonly turnedAway: TurnedAway;
  readonly load: NodeLoadView;
  readonly link: EdgeLink;
  readonly challenges: KnownChallenges;
  readonly spool: RecordSpool;
  readonly sip: SipEndpoint;
  readonly media: MediaPool;
  readonly isStopping: () => boolean;
  readonly isClockSkewed: () => boolean;
}

/** Registers the figures. @returns what the health listener answers */
export function watchNode(parts: NodeWatchParts): HealthOptions['answer'] {
  const { registry, calls, admission, turnedAway, load, link, challenges, spool, sip, media } =
    parts;
  const isDraining = () => parts.isStopping() || admission.state === 'draining';
  registerNodeMetrics(registry, {
    version: nodeVersion,
    isDraining,
    calls: () => calls.size,
    callsMax: () => load.capacity.calls,
    cpu: () => load.now().cpu,
    notAdmitted: () => admission.refused,
    notAdmittedUnrecorded: () => turnedAway.unrecorded,
    knownChallenges: () => challenges.said,
    recordsPending: () => spool.pending,
    isLinked: () => link.isLinked,
    revision: () => calls.minRevision,
    sip: () => sip.stats(),
    rtpPortsBound: () => media.stats().rtpPortsBound,
    media: () => media.figures(),
    mediaRestarts: () => media.restarts,
    lateTickBoundsMs,
  });
  return healthRoutes({
    health: () => ({ status: isDraining() ? 'draining' : 'ok', calls: calls.size }),
    checks: () =>
      readiness({
        isStopping: parts.isStopping(),
        state: admission.state,
        isMediaReady: media.isReady,
        recordsPending: spool.pending,
      }),
    warnings: () => [
      ...(link.isLinked ? [] : ['edge-unlinked']),
      ...(parts.isClockSkewed() ? ['clock-skew'] : []),
    ],
    stats: () => ({
      calls: calls.size,
      state: admission.state,
      not_admitted: admission.refused,
      not_admitted_unrecorded: turnedAway.unrecorded,
      load: load.now(),
      records_pending: spool.pending,
      sip: sip.stats(),
      media: media.stats(),
      memory: process.memoryUsage(),
      resources: countResources(),
    }),
    registry,
    ladders: sip.ladders,
  });
}

/** What must hold for a call to be taken. Pure. */
export function readiness(node: {
  readonly isStopping: boolean;
  readonly state: Admission['state'];
  readonly isMediaReady: boolean;
  readonly recordsPending: number;
}): Readonly<Record<'taking_calls' | 'media' | 'spool', Check>> {
  const state = node.isStopping ? 'stopping' : node.state;
  return {
    taking_calls: state === 'accepting' ? 'ok' : state,
    media: node.isMediaReady ? 'ok' : 'no media process takes calls',
    spool: node.recordsPending < spoolLimits.recordsMax ? 'ok' : 'full of undelivered records',
  };
}
