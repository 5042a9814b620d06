/** KV shows what was there before, as another place on earth may for a minute. Promised: a change is in force all the same, new entries and removed ones, within seconds. */
import { startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { renamesWithin } from './routing-change.ts';
import { judgeRecords } from './steps.ts';
import { setKv, wrapWithFaultyKv } from './worker-with-faulty-kv.ts';

const changes = 5;

export const kvStale: Drill = {
  what: 'KV shows old routing',
  async run({ calls, say }, report) {
    const callgate = await startCallgate(calls, { wrapBundle: wrapWithFaultyKv });
    await withFleet(callgate, calls, async (fleet) => {
      say(`${calls} calls are up; KV is stale`);
      await setKv(callgate.stack.edge.url, 'stale');
      let worst = 0;
      for (let n = 0; n < changes; n += 1)
        worst = Math.max(worst, await renamesWithin(callgate, fleet, n));
      report.tell('changes_of_routing', 2 * changes);
      report.atMost('slowest_change_in_force_ms', worst, 3_000);
      const spare = callgate.numbers[calls] ?? '';
      await fleet.listen(spare);
      const { answer } = await fleet.tryOne(spare);
      report.is('new_call', answer.kind, 'answered');
      report.is('calls_with_audio', await fleet.flowing(), calls);
      report.is('calls_lost', calls - fleet.alive.length, 0);
      await fleet.hangUp();
      await judgeRecords(callgate, fleet, report);
    });
  },
};
