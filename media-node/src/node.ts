/**
 * A media node put together from its parts, started, drained and stopped. main.ts gives it configuration and signals; tests may run one in their
 * own process.
 */
import { randomBytes } from 'node:crypto';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { mediaProcessLimits, spoolLimits } from '@callgate/shared/limits.ts';
import { Admission } from './call/admission.ts';
import { CallRegistry } from './call/call-registry.ts';
import { Drain } from './call/drain.ts';
import { obey } from './call/node-control.ts';
import type { Clock } from './clock.ts';
import type { NodeConfig } from './config.ts';
import { EdgeLink } from './edge/edge-link.ts';
import { HttpEdge } from './edge/http-edge-client.ts';
import { Leases } from './edge/leases.ts';
import { ProgressReports } from './edge/progress-reports.ts';
import { RecordSpool } from './edge/record-spool.ts';
import { createMediaPool, phoneCodecNames, phoneSrtpSuites } from './media/media-pool.ts';
import { NodeLoadView } from './node-load-view.ts';
import { type HealthListener, listenForHealth } from './ops/health.ts';
import { LoadMeter } from './ops/load-meter.ts';
import type { Log, LogLevel } from './ops/log.ts';
import { countResources } from './ops/resources.ts';
import { createSipEndpoint } from './sip/create-sip-endpoint.ts';
import { nodeVersion } from './version.ts';

export interface MediaNode {
  readonly sip: { readonly address: string; readonly port: number };
  readonly health: { readonly address: string; readonly port: number } | null;
  /** Resolves when a drain is over that was to end the process; whoever asked for it. */
  readonly drained: Promise<void>;
  /** Takes no new calls; those that are up go on for so long at most. */
  drain(deadlineMs: number): void;
  /** Ends calls with BYE, delivers records for a while, frees everything. */
  stop(): Promise<void>;
}

/**
 * Starts a node.
 * @param logThreshold whose level the log of this node follows
 * @throws when a port is in use or the spool folder cannot be written; nothing stays open then.
 */
export async function startNode(
  config: NodeConfig,
  clock: Clock,
  log: Log,
  logThreshold: { level: LogLevel },
): Promise<MediaNode> {
  const startedAtMono = clock.nowMono();
  const edge = new HttpEdge({ url: config.edgeUrl, nodeToken: config.nodeToken, clock });
  const spool = new RecordSpool({
    folder: config.spoolFolder,
    clock,
    log,
    send: (record) => edge.record(record),
  });
  const media = createMediaPool({
    address: config.mediaAddress,
    advertise: config.mediaAdvertise,
    roomAudio: config.roomAudio,
    roomAddress: isWildcard(config.roomAddress) ? null : config.roomAddress,
    roomClient: config.roomClient,
    portRange: config.rtpPorts,
    processes: config.mediaProcesses,
    ...(config.mediaProcessesGrow
      ? { sessionsBeforeNext: mediaProcessLimits.sessionsBeforeNext }
      : {}),
    ...(config.promptsFolder === null ? {} : { promptsFolder: config.promptsFolder }),
    clock,
    log,
  });
  const reports = new ProgressReports((progress) => edge.progress(progress), log);
  const leases = new Leases({
    edge: {
      decide: (offer, traceparent) => edge.decide(offer, traceparent),
      answerPin: (callId, answer, traceparent) => edge.answerPin(callId, answer, traceparent),
      progress: (progress) => reports.report(progress),
      deliver: (record) => spool.add(record),
    },
    clock,
    log,
    report: (report) => edge.leases(report),
  });
  const calls = new CallRegistry({
    edge: leases,
    media,
    nodeMedia: { codecs: phoneCodecNames, srtpSuites: phoneSrtpSuites, newKey: randomBytes },
    clock,
    log,
  });
  const meter = new LoadMeter(clock);
  const load = new NodeLoadView({ config, calls, media, meter });
  const drained = Promise.withResolvers<void>();
  const drain = new Drain({ calls, clock, log, onExit: () => drained.resolve() });
  const admission = new Admission({
    capacity: load.capacity,
    load: () => load.now(),
    isDraining: () => drain.isDraining,
    isChallenged: (callId, fromTag) => calls.isChallenged(callId, fromTag),
    clock,
    random: Math.random,
  });
  const control = {
    calls,
    drain,
    setLogLevel: (level: LogLevel) => {
      logThreshold.level = level;
    },
  };
  const link = new EdgeLink({
    url: config.edgeUrl,
    nodeToken: config.nodeToken,
    clock,
    log,
    onRevision: (revision) => calls.sawRevision(revision),
    onCommand: (command) => obey(command, control),
    status: () => load.status(admission.state, spool.pending),
    random: Math.random,
  });
  const sip = createSipEndpoint({
    listen: config.sipListen,
    alsoListen: config.sipAlsoListen,
    trustedProxies: config.sipTrustedProxies,
    balancers: config.sipBalancers,
    ...(config.tls === null ? {} : { tls: config.tls }),
    advertise: config.sipAdvertise,
    clock,
    log,
  });
  let isStopping = false;
  let health: HealthListener | null = null;

  const stop = async () => {
    isStopping = true;
    drain.stop();
    meter.stop();
    await calls.stop();
    leases.close();
    await sip.close();
    await media.close();
    await spool.close(spoolLimits.flushMs);
    // The last to go: until then the edge sees what becomes of the calls.
    await link.close();
    await edge.close();
    await health?.close();
  };

  try {
    await spool.open();
    meter.start();
    calls.onChange(() => load.noteCalls(() => link.tellStatus()));
    const bound = await sip.listen({
      onInvite: (call) => {
        load.noteInvite();
        calls.onInvite(call);
      },
      admit: (request) => admission.judge(request),
    });
    if (config.healthListen !== null) {
      health = await listenForHealth({
        ...config.healthListen,
        health: () => ({
          status: isStopping || admission.state === 'draining' ? 'draining' : 'ok',
          calls: calls.size,
        }),
        stats: () => ({
          calls: calls.size,
          state: admission.state,
          not_admitted: admission.refused,
          load: load.now(),
          records_pending: spool.pending,
          sip: sip.stats(),
          media: media.stats(),
          memory: process.memoryUsage(),
          resources: countResources(),
        }),
      });
    }
    link.start();
    void greet({ config, clock, log, edge, calls, startedAtMono });
    return {
      sip: bound,
      health,
      drained: drained.promise,
      drain: (deadlineMs) => {
        drain.begin({ deadlineMs, exit: true });
        link.tellStatus();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** 0.0.0.0 and :: stand for any address. */
function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Says hello to the edge: a wrong token, version or clock is a log line now, not a refused caller later. */
async function greet(parts: {
  config: NodeConfig;
  clock: Clock;
  log: Log;
  edge: HttpEdge;
  calls: CallRegistry;
  startedAtMono: number;
}): Promise<void> {
  const { config, clock, log, edge, calls } = parts;
  try {
    const welcome = await edge.hello({
      contract: contractVersion,
      name: config.name,
      version: nodeVersion,
      clock_ms: clock.nowWall(),
      uptime_ms: Math.round(clock.nowMono() - parts.startedAtMono),
    });
    calls.sawRevision(welcome.revision);
    const skewMs = Math.abs(welcome.clock_skew_ms);
    log(skewMs > 30_000 ? 'warn' : 'info', skewMs > 30_000 ? 'clock-skew' : 'edge-reached', {
      revision: welcome.revision,
      clock_skew_ms: welcome.clock_skew_ms,
    });
  } catch (error) {
    log('error', 'edge-hello-failed', { edge: config.edgeUrl.origin, why: error });
  }
}
