/** Judges how evenly live calls are served while something goes on. */
import type { CallgateSubject } from './callgate-subject.ts';
import type { DrillReport } from './drill-report.ts';
import { goFirst, groupGoesFirst } from './go-first.ts';
import { PacingWatch } from './pacing-watch.ts';
import { punctualShare, ticksOf } from './tick-delays.ts';

/** Of the time between two packets at a phone. */
const pacingP99Ms = 25;
/** Of the node's own ticks: what a p99 of 25 ms between packets comes to where they are sent. */
const punctualShareMin = 0.99;

/** What judges pacing: calls that somebody listens to, and the node that sends them. */
export interface Pacing {
  readonly callgate: CallgateSubject;
  readonly watch: PacingWatch;
  readonly report: DrillReport;
}

/** Runs with a few more calls up whose pacing is watched. @param numbers that are called */
export async function withPacing<T>(
  { callgate, report }: Pick<Pacing, 'callgate' | 'report'>,
  numbers: readonly string[],
  run: (pacing: Pacing) => Promise<T>,
): Promise<T> {
  const { sip, livekit, room, bridge } = callgate;
  if (room.pid !== null) goFirst(room.pid);
  if (bridge.pid !== null) groupGoesFirst(bridge.pid);
  const watch = await PacingWatch.start({ sip, livekit, numbers, from: '127.0.0.2' });
  try {
    return await run({ callgate, watch, report });
  } finally {
    await watch.stop();
  }
}

/**
 * Notes how evenly the live calls' packets came at a phone while something ran, and how late the node ticked meanwhile; promised of all but `quiet`, which is for comparison.
 */
export async function judgePacing<T>(
  { callgate, watch, report }: Pacing,
  name: string,
  run: () => Promise<T>,
): Promise<T> {
  const { healthUrl } = callgate.stack.node;
  const before = await ticksOf(healthUrl);
  const { result, said, heard } = await watch.during(run);
  const punctual = punctualShare(before, await ticksOf(healthUrl));
  report.tell(`pacing_ms_p99_said_${name}`, said.percentile(0.99));
  report.tell(`pacing_ms_p50_${name}`, heard.percentile(0.5));
  if (name === 'quiet') {
    report.tell('pacing_ms_p99_quiet', heard.percentile(0.99));
    report.tell('ticks_within_5_ms_quiet', punctual);
  } else {
    report.atMost(`pacing_ms_p99_${name}`, heard.percentile(0.99), pacingP99Ms);
    report.atLeast(`ticks_within_5_ms_${name}`, punctual, punctualShareMin);
  }
  return result;
}
