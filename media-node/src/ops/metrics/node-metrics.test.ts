import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { meteredLog } from './log-metrics.ts';
import { type ProcessFigures, registerNodeMetrics } from './node-metrics.ts';

let registry: Registry;
let media: ProcessFigures[];
beforeEach(() => {
  registry = new Registry();
  media = [{ sessions: 2, residentBytes: 1_000, rtp: packets(100, 3), lateTicks: [5, 2, 1] }];
  registerNodeMetrics(registry, {
    version: '1.2.3',
    isDraining: () => true,
    calls: () => 7,
    callsMax: () => 60,
    cpu: () => 0.25,
    notAdmitted: () => ({ memory: 3 }),
    notAdmittedUnrecorded: () => 2,
    knownChallenges: () => 11,
    recordsPending: () => 4,
    isLinked: () => false,
    revision: () => 12,
    sip: () => ({ transactions: 9, dialogs: 8, refused: { scanner: 6 } }),
    rtpPortsBound: () => 14,
    media: () => media,
    mediaRestarts: () => 1,
    lateTickBoundsMs: [1, 20],
  });
});

function packets(received: number, lost: number): ProcessFigures['rtp'] {
  return { received, sent: 50, lost, lostAtPhone: 1, foreign: 2 };
}

const text = () => registry.metrics();

describe('metrics of the node', () => {
  it('are what it holds when Prometheus asks', async () => {
    const metrics = await text();
    for (const sample of [
      'callgate_build_info{version="1.2.3"} 1',
      'callgate_draining 1',
      'callgate_calls 7',
      'callgate_calls_max 60',
      'callgate_cpu_ratio 0.25',
      'callgate_not_admitted_total{bound="memory"} 3',
      'callgate_not_admitted_unrecorded_total 2',
      'callgate_known_challenges_total 11',
      'callgate_media_process_restarts_total 1',
      'callgate_records_pending 4',
      'callgate_edge_linked 0',
      'callgate_routing_revision 12',
      'callgate_sip_transactions 9',
      'callgate_sip_dialogs 8',
      'callgate_sip_refused_total{rule="scanner"} 6',
      'callgate_rtp_ports_bound 14',
      'callgate_media_process_sessions{process="0"} 2',
      'callgate_media_process_resident_bytes{process="0"} 1000',
      'callgate_rtp_packets_total{process="0",kind="received"} 100',
      'callgate_rtp_packets_total{process="0",kind="lost_at_phone"} 1',
    ]) {
      expect(metrics).toContain(`${sample}\n`);
    }
  });

  it('tell how late ticks come as a cumulative histogram in seconds', async () => {
    expect((await text()).split('\n').filter((line) => /^callgate_media_tick/.test(line))).toEqual([
      'callgate_media_tick_delay_seconds_bucket{process="0",le="0.001"} 5',
      'callgate_media_tick_delay_seconds_bucket{process="0",le="0.02"} 7',
      'callgate_media_tick_delay_seconds_bucket{process="0",le="+Inf"} 8',
    ]);
  });

  it('count RTP up and never down, also when lost packets come late', async () => {
    await text();
    media = media.map((one) => ({ ...one, rtp: packets(101, 2) }));
    expect(await text()).toContain('kind="lost"} 3\n');
    media = media.map((one) => ({ ...one, rtp: packets(105, 5) }));
    const later = await text();
    expect(later).toContain('kind="lost"} 5\n');
    expect(later).toContain('kind="received"} 105\n');
  });

  it('hold the event loop, the garbage collector and the memory of the main process', async () => {
    const metrics = await text();
    for (const name of [
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_gc_duration_seconds',
      'process_resident_memory_bytes',
    ]) {
      expect(metrics).toContain(`# HELP ${name} `);
    }
  });
});

describe('metrics of the log', () => {
  it('count warnings and errors by event, and nothing else', async () => {
    const log = meteredLog(registry, () => {});
    log('warn', 'bye-failed');
    log('error', 'record-lost');
    log('error', 'record-lost');
    log('info', 'call-ended');
    const lines = (await text()).split('\n').filter((line) => /^callgate_log/.test(line));
    expect(lines).toEqual([
      'callgate_log_lines_total{level="warn",event="bye-failed"} 1',
      'callgate_log_lines_total{level="error",event="record-lost"} 2',
    ]);
  });

  it('stay bounded even if an event were made of input', async () => {
    const log = meteredLog(registry, () => {});
    for (let n = 0; n < 1_000; n++) log('warn', `event-${n}`);
    const lines = (await text()).split('\n').filter((line) => /^callgate_log/.test(line));
    expect(lines.length).toBe(201);
    expect(lines.at(-1)).toBe('callgate_log_lines_total{level="warn",event="other"} 800');
  });
});
