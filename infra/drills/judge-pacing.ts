/**
 * Judges how evenly live calls are served while something goes on: by the kernel's times of their packets on the wire where it can be listened to (wire-watch.ts), else by the clock of the phones, whose
 * own lateness counts with them.
 */
import type { Distribution } from '../bench/distribution.ts';
import { rtpFlows, type Stretch } from '../wire/rtp-flows.ts';
import {
  pacingWithin,
  type WatchedCall,
  watchedCalls,
  watchedFilter,
} from '../wire/watched-calls.ts';
import { WireWatch } from '../wire/wire-watch.ts';
import type { CallgateSubject } from './callgate-subject.ts';
import type { DrillReport } from './drill-report.ts';
import { goFirst, groupGoesFirst } from './go-first.ts';
import { PacingWatch } from './pacing-watch.ts';
import type { Subject } from './subject.ts';
import { punctualShare, ticksOf } from './tick-delays.ts';

/** Of the time between two packets for a phone. */
const pacingP99Ms = 25;
/** Of the node's own ticks: what a p99 of 25 ms between packets comes to where they are sent. */
const punctualShareMin = 0.99;
/** Headers of Ethernet, IP, UDP and RTP, and no payload. */
const bytesKept = 64;

/** Tell the streams of these calls apart from all others. */
const [speakers, phones] = ['127.0.8.3', '127.0.8.5'];

/** Environment of a node whose pacing is watched: an address for its rooms' media that nobody else here uses, and the setting for a node that shares its machine, as it does here. */
export const watchedNode = {
  CALLGATE_ROOM_ADDRESS: '127.0.8.4',
  CALLGATE_AUDIO_PRIORITY: 'realtime',
} as const;

/** What judges pacing: calls that somebody listens to, and who sends them. */
export interface Pacing {
  readonly watched: Watched;
  readonly watch: PacingWatch;
  readonly steps: Step[];
}

interface Watched {
  readonly subject: Subject;
  /** The same when it is Callgate, whose own ticks are judged as well; null: it is another. */
  readonly callgate: CallgateSubject | null;
  readonly report: DrillReport;
}

/** Something that went on while pacing was watched. */
interface Step extends Stretch {
  readonly name: string;
  /** By the clocks of those who speak and of the phones. */
  readonly said: Distribution;
  readonly heard: Distribution;
}

/** Runs with a few more calls up whose pacing is watched, and judges it in the end. @param numbers that are called */
export async function withPacing<T>(
  watched: Watched,
  numbers: readonly string[],
  run: (pacing: Pacing) => Promise<T>,
): Promise<T> {
  const { sip, livekit, room, bridge, roomAddress } = watched.subject;
  if (room.pid !== null) goFirst(room.pid);
  if (bridge.pid !== null) {
    // Callgate puts its media processes into real time by itself.
    if (watched.callgate === null) goFirst(bridge.pid);
    else groupGoesFirst(bridge.pid);
  }
  const addresses = { speakers, bridge: roomAddress, phones };
  const wire = await WireWatch.start(watchedFilter(addresses), bytesKept);
  const steps: Step[] = [];
  try {
    const watch = await PacingWatch.start({ sip, livekit, numbers, speakers, phones });
    try {
      const result = await run({ watched, watch, steps });
      const heard = (await wire?.stop()) ?? null;
      const allUpMs = steps[0]?.fromMs ?? 0;
      const calls =
        heard === null ? [] : watchedCalls(rtpFlows(heard.datagrams), addresses, allUpMs);
      judgeSteps(steps, { calls, missed: heard?.missed ?? null }, watched.report);
      return result;
    } finally {
      await watch.stop();
    }
  } finally {
    await wire?.close();
  }
}

/**
 * Notes how evenly the live calls' packets came while something ran, and how late the node ticked meanwhile; promised of all but `quiet`, which is for comparison.
 */
export async function judgePacing<T>(
  { watched: { callgate, report }, watch, steps }: Pacing,
  name: string,
  run: () => Promise<T>,
): Promise<T> {
  const ticks = async () => (callgate === null ? null : ticksOf(callgate.stack.node.healthUrl));
  const before = await ticks();
  const fromMs = Date.now();
  const { result, said, heard } = await watch.during(run);
  steps.push({ name, fromMs, toMs: Date.now(), said, heard });
  const after = await ticks();
  if (before === null || after === null) return result;
  const punctual = punctualShare(before, after);
  if (isForComparison(name)) report.tell(`ticks_within_5_ms_${name}`, punctual);
  else report.atLeast(`ticks_within_5_ms_${name}`, punctual, punctualShareMin);
  return result;
}

function isForComparison(name: string): boolean {
  return name === 'quiet';
}

/** @param wire the calls that can be told apart there, and what it did not hear; null: nobody could listen */
function judgeSteps(
  steps: readonly Step[],
  { calls, missed }: { readonly calls: readonly WatchedCall[]; readonly missed: number | null },
  report: DrillReport,
): void {
  const byWire = calls.length > 0 && missed === 0;
  report.tell('pacing_judged_by', byWire ? 'kernel times on the wire' : 'the clock of the phones');
  report.tell('wire_calls_watched', calls.length);
  report.tell('wire_datagrams_missed', missed);
  for (const step of steps) {
    const { name } = step;
    const byClock = { said: p99(step.said), heard: p99(step.heard) };
    report.tell(`pacing_ms_p99_${name}_by_own_clocks`, byClock);
    let judged = byClock.heard;
    if (byWire) {
      const { said, came, left, heldByLivekit, heldByBridge } = pacingWithin(calls, step);
      judged = p99(left);
      report.tell(`pacing_ms_p99_${name}_said`, p99(said));
      report.tell(`pacing_ms_p99_${name}_came_to_bridge`, p99(came));
      report.tell(`held_ms_${name}_by_livekit`, spread(heldByLivekit));
      report.tell(`held_ms_${name}_by_bridge`, spread(heldByBridge));
    }
    const row = byWire ? `pacing_ms_p99_${name}_left_bridge` : `pacing_ms_p99_${name}`;
    if (isForComparison(name)) report.tell(row, judged);
    else report.atMost(row, judged, pacingP99Ms);
  }
}

function p99(distribution: Distribution): number | null {
  return distribution.percentile(0.99);
}

function spread(distribution: Distribution) {
  return {
    p50: distribution.percentile(0.5),
    p95: distribution.percentile(0.95),
    p99: p99(distribution),
  };
}
