/** What the drills of a sick edge share: calls up, the proxy in front of the edge told what to do, and what callers and records noticed. */
import { withFleetBehindProxy } from './behind-proxy.ts';
import type { DrillOptions } from './drill.ts';
import type { DrillReport } from './drill-report.ts';
import type { Fault } from './fault-proxy.ts';
import { answeredWithin, judgeRecords } from './steps.ts';

/** New calls tried during the fault. */
const tries = 5;
/** callLimits.decisionTotalMs and what SIP adds. */
const finalAnswerMs = 4_000;

export async function drillEdgeFault(
  fault: Fault,
  { calls, say }: DrillOptions,
  report: DrillReport,
): Promise<void> {
  await withFleetBehindProxy(calls, async ({ callgate, fleet, proxy }) => {
    say(`${calls} calls are up; the edge is now ${JSON.stringify(fault)}`);
    proxy.fault = fault;
    const spare = callgate.numbers[calls] ?? '';
    await fleet.listen(spare);
    const answers: Record<string, number> = {};
    let slowest = 0;
    for (let n = 0; n < tries; n += 1) {
      const { answer, ms } = await fleet.tryOne(spare);
      const name = answer.kind === 'refused' ? String(answer.status) : answer.kind;
      answers[name] = (answers[name] ?? 0) + 1;
      slowest = Math.max(slowest, ms);
    }
    report.tell('new_calls_got', answers);
    report.is('new_calls_refused_with_503', answers['503'] ?? 0, tries);
    report.atMost('slowest_final_answer_ms', slowest, finalAnswerMs);
    report.is('calls_with_audio', await fleet.flowing(), calls);
    const half = fleet.alive.slice(0, Math.floor(calls / 2));
    await fleet.hangUp(half);
    report.is('calls_lost', calls - half.length - fleet.alive.length, 0);
    proxy.fault = { kind: 'none' };
    const wellAt = performance.now();
    const recovered = await answeredWithin(fleet, spare, wellAt, 30);
    report.atMost('seconds_to_next_answered_call', recovered, 15);
    await fleet.hangUp();
    report.atMost('seconds_to_clean_rooms', await fleet.secondsToClean(wellAt, 60), 60);
    report.tell('requests_that_met_the_fault', proxy.faulted);
    await judgeRecords(callgate, fleet, report);
  });
}
