/**
 * A media node put together from its parts, started, drained and stopped. main.ts gives it configuration and signals; tests may run one in their
 * own process.
 */
import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { admissionLimits, mediaProcessLimits, spoolLimits } from '@callgate/shared/limits.ts';
import { Admission } from './call/admission.ts';
import { CallRegistry } from './call/call-registry.ts';
import { Drain } from './call/drain.ts';
import { LeftDialogs } from './call/left-dialogs.ts';
import { obey } from './call/node-control.ts';
import { TurnedAway } from './call/turned-away.ts';
import type { Clock } from './clock.ts';
import type { NodeConfig } from './config.ts';
import { EdgeLink } from './edge/edge-link.ts';
import { HttpEdge } from './edge/http-edge-client.ts';
import { KnownChallenges } from './edge/known-challenges.ts';
import { Leases } from './edge/leases.ts';
import { ProgressReports } from './edge/progress-reports.ts';
import { RecordSpool } from './edge/record-spool.ts';
import { TokenFile } from './edge/token-file.ts';
import { createMediaPool, phoneCodecNames, phoneSrtpSuites } from './media/media-pool.ts';
import { Greeting } from './node-greeting.ts';
import { NodeLoadView } from './node-load-view.ts';
import { watchNode } from './node-watch.ts';
import { type HealthListener, listenForHealth } from './ops/health.ts';
import { LoadMeter } from './ops/load-meter.ts';
import type { Log, LogLevel } from './ops/log.ts';
import { createWatching } from './ops/watching.ts';
import { rehearse } from './rehearsal.ts';
import { createSipEndpoint } from './sip/create-sip-endpoint.ts';
import { StatusNews } from './status-news.ts';
import { nodeVersion } from './version.ts';

export interface MediaNode {
  readonly sip: { readonly address: string; readonly port: number };
  readonly health: { readonly address: string; readonly port: number } | null;
  /** Resolves when a drain is over that was to end the process; whoever asked for it. */
  readonly drained: Promise<void>;
  /** Takes no new calls; those that are up go on for so long at most, and then the process is to end, whatever is ordered from afar. */
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
  plainLog: Log,
  logThreshold: { level: LogLevel },
): Promise<MediaNode> {
  const startedAtMono = clock.nowMono();
  const { otlp, name } = config;
  const watching = await createWatching(
    plainLog,
    clock,
    otlp === null ? null : { ...otlp, node: { name, version: nodeVersion } },
  );
  const { log, registry } = watching;
  const token = config.tokenFile === null ? null : new TokenFile(config.tokenFile, clock, log);
  const nodeToken = () => token?.token ?? config.nodeToken;
  const processWord = randomBytes(8).toString('hex');
  const edge = new HttpEdge({ url: config.edgeUrl, nodeToken, process: processWord, clock });
  const spool = new RecordSpool({
    folder: config.spoolFolder,
    clock,
    log,
    send: (records) => edge.records(records),
  });
  // Media may write before there are calls.
  let traceIdOf: (callId: unknown) => string | null = () => null;
  const media = createMediaPool({
    address: config.mediaAddress,
    advertise: config.mediaAdvertise.elsewhere,
    roomAudio: config.roomAudio,
    audioPriority: config.audioPriority,
    roomAddress: isWildcard(config.roomAddress) ? null : config.roomAddress,
    roomClient: config.roomClient,
    portRange: config.rtpPorts,
    processes: config.mediaProcesses,
    ...(config.mediaProcessesGrow
      ? { sessionsBeforeNext: mediaProcessLimits.sessionsBeforeNext }
      : {}),
    ...(config.promptsFolder === null ? {} : { promptsFolder: config.promptsFolder }),
    clock,
    // Media knows the id of a call; what it says of one is found by its trace id all the same.
    log: (level, event, fields = {}) => {
      const traceId = traceIdOf(fields['call_id']);
      log(level, event, traceId === null ? fields : { ...fields, trace_id: traceId });
    },
  });
  const reports = new ProgressReports((progress) => edge.progress(progress), clock, log);
  const challenges = new KnownChallenges({
    edge: {
      decide: (offer, traceparent) => edge.decide(offer, traceparent),
      answerPin: (callId, answer, traceparent) => edge.answerPin(callId, answer, traceparent),
      progress: (progress) => reports.report(progress),
      deliver: (record) => spool.add(record),
    },
    clock,
    linkNumber: () => link.linkNumber,
  });
  const leases = new Leases({
    edge: challenges,
    clock,
    log,
    report: (report) => edge.leases(report),
  });
  const dialogs = new LeftDialogs({
    folder: join(config.spoolFolder, 'dialogs'),
    clock,
    log,
    end: (state, headers) => sip.endLeftDialog(state, headers),
  });
  const calls = new CallRegistry({
    dialogs,
    edge: leases,
    media,
    nodeMedia: {
      codecs: phoneCodecNames,
      srtpSuites: phoneSrtpSuites,
      newKey: randomBytes,
      family: isIPv6(config.mediaAddress) ? 'IP6' : 'IP4',
      advertised: config.mediaAdvertise,
    },
    clock,
    log,
    watch: {
      begin(attempt) {
        sip.ladders.name(attempt.sipCallId, attempt.callId, attempt.traceId);
        return watching.calls.begin(attempt);
      },
    },
  });
  traceIdOf = (callId) => calls.traceIdOf(callId);
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
  const turnedAway = new TurnedAway({
    clock,
    deliver: (record) => spool.add(record),
    hasSpace: () => spool.pending < spoolLimits.recordsMax * admissionLimits.recordsSpoolShare,
    takeBack: (callId, fromTag) => calls.takeBack(callId, fromTag),
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
    nodeToken,
    process: processWord,
    clock,
    log,
    onRevision: (revision) => calls.sawRevision(revision),
    onCommand: (command) => obey(command, control),
    status: () => load.status(admission.state, spool.pending),
    random: Math.random,
  });
  const news = new StatusNews({
    clock,
    now: () => ({ hasCalls: calls.size > 0, state: admission.state }),
    tell: () => link.tellStatus(),
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
  const greeting = new Greeting({
    ...{ config, clock, log, edge, startedAtMono },
    onWelcome: ({ revision }) => calls.sawRevision(revision),
  });
  let isStopping = false;
  let health: HealthListener | null = null;
  const stop = async () => {
    isStopping = true;
    drain.stop();
    news.stop();
    token?.stop();
    greeting.stop();
    meter.stop();
    await calls.stop();
    await dialogs.close();
    leases.close();
    await sip.close();
    await media.close();
    await spool.close(spoolLimits.flushMs);
    // The last to go: until then the edge sees what becomes of the calls.
    await link.close();
    await edge.close();
    await watching.close();
    await health?.close();
  };

  try {
    await spool.open();
    await dialogs.open();
    token?.start();
    calls.onChange(() => news.changed());
    rehearse();
    const bound = await sip.listen({
      onInvite: (call) => {
        load.noteInvite();
        calls.onInvite(call);
      },
      admit: (request) => admission.judge(request),
      onTurnedAway: (invite) => turnedAway.note(invite),
    });
    if (config.healthListen !== null) {
      health = await listenForHealth({
        ...config.healthListen,
        answer: watchNode({
          registry,
          calls,
          admission,
          turnedAway,
          load,
          link,
          challenges,
          spool,
          sip,
          media,
          isStopping: () => isStopping,
          isClockSkewed: () => greeting.isClockSkewed,
        }),
      });
    }
    dialogs.endLeft();
    meter.start();
    link.start();
    greeting.start();
    return {
      sip: bound,
      health,
      drained: drained.promise,
      drain: (deadlineMs) => {
        drain.begin({ deadlineMs, exit: true, isFinal: true });
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
