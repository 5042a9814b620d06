/** Steps that drills share. */
import { pause } from '../e2e/phone-calls.ts';
import { type CallgateSubject, startCallgate } from './callgate-subject.ts';
import type { DrillOptions } from './drill.ts';
import type { DrillReport } from './drill-report.ts';
import type { Fleet } from './fleet.ts';
import { startPeer } from './peer-subject.ts';
import { countRecords } from './record-count.ts';
import type { Subject } from './subject.ts';

/** The subject that was asked for; `callgate`: the same when it is Callgate, null when it is the peer. */
export async function startSubject(
  options: DrillOptions,
): Promise<{ readonly subject: Subject; readonly callgate: CallgateSubject | null }> {
  if (options.peer !== null)
    return { subject: await startPeer(options.peer, options.calls), callgate: null };
  const callgate = await startCallgate(options.calls);
  return { subject: callgate, callgate };
}

/** Seconds from `sinceMono` until a call to `number` is answered, one tried after the other; null: none within `limitS`. */
export async function answeredWithin(
  fleet: Fleet,
  number: string,
  sinceMono: number,
  limitS: number,
): Promise<number | null> {
  while (secondsSince(sinceMono) < limitS) {
    const { answer } = await fleet.tryOne(number);
    if (answer.kind === 'answered') return secondsSince(sinceMono);
    await pause(250);
  }
  return null;
}

/** To a tenth. */
export function secondsSince(sinceMono: number): number {
  return Math.round((performance.now() - sinceMono) / 100) / 10;
}

/** Promises one record for each call that was placed. */
export async function judgeRecords(
  callgate: CallgateSubject,
  fleet: Fleet,
  report: DrillReport,
): Promise<void> {
  const records = await countRecords(callgate.stack, fleet.placed);
  report.is('records_lost', records.lost, 0);
  report.is('records_doubled', records.doubled, 0);
  report.tell('calls_turned_away_at_the_door', records.turnedAway);
  report.tell('ended_as', records.reasons);
}
