/** kill -9 of the edge. Promised: no call notices; a new one gets 503 within 4 s; records wait on disk and arrive once when the edge is back. */
import { pause } from '../e2e/phone-calls.ts';
import { startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { answeredWithin, judgeRecords } from './steps.ts';

export const edgeKilled: Drill = {
  what: 'kill -9 of the edge',
  async run(options, report) {
    const callgate = await startCallgate(options.calls);
    const { stack } = callgate;
    await withFleet(callgate, options.calls, async (fleet) => {
      const spare = callgate.numbers[options.calls] ?? '';
      await fleet.listen(spare);
      options.say(`${options.calls} calls are up; kill -9 of the edge`);
      stack.edge.kill('SIGKILL');
      await stack.edge.ended;
      const { answer, ms } = await fleet.tryOne(spare);
      report.is('new_call_gets', answer.kind === 'refused' ? answer.status : answer.kind, 503);
      report.atMost('new_call_answered_after_ms', ms, 4_000);
      report.is('calls_with_audio', await fleet.flowing(), options.calls);
      const half = fleet.alive.slice(0, Math.floor(options.calls / 2));
      await fleet.hangUp(half);
      await pause(2_000);
      report.tell('records_waiting', (await stack.nodeStats()).records_pending);
      await stack.restartEdge();
      const backAt = performance.now();
      const recovered = await answeredWithin(fleet, spare, backAt, 30);
      report.atMost('seconds_to_next_answered_call', recovered, 15);
      report.is('calls_lost', options.calls - half.length - fleet.alive.length, 0);
      await fleet.hangUp();
      report.atMost('seconds_to_clean_rooms', await fleet.secondsToClean(backAt, 60), 60);
      await judgeRecords(callgate, fleet, report);
    });
  },
};
