/**
 * What the node holds and how it fares, for Prometheus: looked up when it asks, so that between two looks nothing is spent. Media processes are told apart by
 * their share of the ports (0, 1, ...), which does not change when one is replaced.
 */
import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { Totals } from './totals.ts';

/** What one media process counts (media/media-figures.ts). */
export interface ProcessFigures {
  readonly sessions: number;
  readonly residentBytes: number;
  readonly rtp: Readonly<Record<'received' | 'sent' | 'lost' | 'lostAtPhone' | 'foreign', number>>;
  readonly lateTicks: readonly number[];
}

/** What is looked at. */
export interface NodeFigures {
  readonly version: string;
  readonly isDraining: () => boolean;
  readonly calls: () => number;
  /** As many as the node takes. */
  readonly callsMax: () => number;
  /** Share of all cores in use by every process of the node, 0 to 1. */
  readonly cpu: () => number;
  /** INVITEs turned away before they became a call, by the bound that was reached. */
  readonly notAdmitted: () => Readonly<Record<string, number>>;
  /** Of these, INVITEs that have no record of their own. */
  readonly notAdmittedUnrecorded: () => number;
  /** Challenges that the node said itself, on the edge's word. */
  readonly knownChallenges: () => number;
  readonly recordsPending: () => number;
  readonly isLinked: () => boolean;
  /** Of the routing table, as the edge told it last. */
  readonly revision: () => number;
  readonly sip: () => {
    readonly transactions: number;
    readonly dialogs: number;
    /** Messages refused before they became a call, by our rule. */
    readonly refused: Readonly<Record<string, number>>;
  };
  readonly rtpPortsBound: () => number;
  readonly media: () => readonly ProcessFigures[];
  /** Media processes that ended without being told to, since the start. */
  readonly mediaRestarts: () => number;
  /** Upper bounds of `lateTicks`, ms. */
  readonly lateTickBoundsMs: readonly number[];
}

/** Registers everything, Node's own figures of the main process included (process_*, nodejs_*, event loop and garbage collection among them). */
export function registerNodeMetrics(registry: Registry, figures: NodeFigures): void {
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'callgate_build_info',
    help: 'Version of the node',
    labelNames: ['version'],
    registers,
  }).set({ version: figures.version }, 1);
  const look = (name: string, help: string, read: () => number | boolean) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(Number(read()));
      },
    });
  const count = (name: string, help: string, read: () => number) => {
    const total: Totals<never> = new Totals(
      new Counter({
        name,
        help,
        registers,
        collect() {
          total.raise({}, read());
        },
      }),
    );
  };
  look('callgate_calls', 'Calls that have not ended', figures.calls);
  look('callgate_calls_max', 'Calls that the node takes at most', figures.callsMax);
  look('callgate_cpu_ratio', 'Share of all cores in use by the processes of the node', figures.cpu);
  look('callgate_draining', '1 while no new call is taken', figures.isDraining);
  look(
    'callgate_records_pending',
    'Call records that the edge has not acknowledged yet',
    figures.recordsPending,
  );
  look('callgate_edge_linked', '1 while the link to the edge is up', figures.isLinked);
  look('callgate_routing_revision', 'Highest routing revision seen', figures.revision);
  look(
    'callgate_sip_transactions',
    'SIP transactions that are alive',
    () => figures.sip().transactions,
  );
  look('callgate_sip_dialogs', 'SIP dialogs, early ones included', () => figures.sip().dialogs);
  look('callgate_rtp_ports_bound', 'RTP ports in use or draining', figures.rtpPortsBound);
  count(
    'callgate_not_admitted_unrecorded_total',
    'INVITEs turned away that have no record of their own, because there were too many',
    figures.notAdmittedUnrecorded,
  );
  count(
    'callgate_known_challenges_total',
    'INVITEs challenged by the node itself, without a question to the edge',
    figures.knownChallenges,
  );
  count(
    'callgate_media_process_restarts_total',
    'Media processes that died and were replaced',
    figures.mediaRestarts,
  );
  registerRefusals(registry, figures);
  registerNotAdmitted(registry, figures);
  registerMedia(registry, figures);
}

function registerRefusals(registry: Registry, { sip }: NodeFigures): void {
  const totals: Totals<'rule'> = new Totals(
    new Counter({
      name: 'callgate_sip_refused_total',
      help: 'SIP messages refused before they became a call, by rule',
      labelNames: ['rule'],
      registers: [registry],
      collect() {
        for (const [rule, count] of Object.entries(sip().refused)) totals.raise({ rule }, count);
      },
    }),
  );
}

function registerNotAdmitted(registry: Registry, { notAdmitted }: NodeFigures): void {
  const totals: Totals<'bound'> = new Totals(
    new Counter({
      name: 'callgate_not_admitted_total',
      help: 'Requests turned away because a bound of the node was reached',
      labelNames: ['bound'],
      registers: [registry],
      collect() {
        for (const [bound, count] of Object.entries(notAdmitted())) totals.raise({ bound }, count);
      },
    }),
  );
}

function registerMedia(registry: Registry, { media, lateTickBoundsMs }: NodeFigures): void {
  const registers = [registry];
  const each = (name: string, help: string, read: (process: ProcessFigures) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['process'],
      registers,
      collect() {
        media().forEach((figures, process) => {
          this.set({ process: String(process) }, read(figures));
        });
      },
    });
  each(
    'callgate_media_process_sessions',
    'Calls whose media a process carries',
    (process) => process.sessions,
  );
  each(
    'callgate_media_process_resident_bytes',
    'Memory of a media process; 0 while it is started anew',
    (process) => process.residentBytes,
  );
  const packets: Totals<'process' | 'kind'> = new Totals(
    new Counter({
      name: 'callgate_rtp_packets_total',
      help: 'RTP packets of the phones: received, sent, lost on the way here, lost_at_phone, foreign (from another source)',
      labelNames: ['process', 'kind'],
      registers,
      collect() {
        media().forEach(({ rtp }, index) => {
          const process = String(index);
          for (const [kind, count] of Object.entries(rtp))
            packets.raise(
              { process, kind: kind === 'lostAtPhone' ? 'lost_at_phone' : kind },
              count,
            );
        });
      },
    }),
  );
  const ticks: Totals<'process' | 'le'> = new Totals(
    new Counter({
      name: 'callgate_media_tick_delay_seconds_bucket',
      help: 'Ticks of 20 ms of the media processes by how late they came, cumulative as in a histogram',
      labelNames: ['process', 'le'],
      registers,
      collect() {
        media().forEach(({ lateTicks }, index) => {
          let sum = 0;
          lateTicks.forEach((count, bound) => {
            sum += count;
            const ms = lateTickBoundsMs[bound];
            const le = ms === undefined ? '+Inf' : String(ms / 1_000);
            ticks.raise({ process: String(index), le }, sum);
          });
        });
      },
    }),
  );
}
