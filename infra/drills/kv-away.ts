/**
 * KV fails every request. Promised: calls are routed from what the isolate holds, and from the Durable Object when it holds nothing (an edge just started) or a
 * change is newer; when KV is back, what was changed meanwhile is published without hands.
 */
import { operatorOf, published } from '../clients/operator.ts';
import { startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { renamesWithin } from './routing-change.ts';
import { answeredWithin, judgeRecords, secondsSince } from './steps.ts';
import { setKv, wrapWithFaultyKv } from './worker-with-faulty-kv.ts';

export const kvAway: Drill = {
  what: 'KV fails every request',
  async run({ calls, say }, report) {
    const callgate = await startCallgate(calls, { wrapBundle: wrapWithFaultyKv });
    const { stack } = callgate;
    await withFleet(callgate, calls, async (fleet) => {
      const spare = callgate.numbers[calls] ?? '';
      await fleet.listen(spare);
      say(`${calls} calls are up; KV is away`);
      await setKv(stack.edge.url, 'away');
      const warm = await fleet.tryOne(spare);
      report.is('new_call', warm.answer.kind, 'answered');
      report.atMost('slowest_change_in_force_ms', await renamesWithin(callgate, fleet, 0), 3_000);
      stack.edge.kill('SIGKILL');
      await stack.edge.ended;
      await stack.restartEdge();
      await setKv(stack.edge.url, 'away');
      const coldAt = performance.now();
      const cold = await answeredWithin(fleet, spare, coldAt, 20);
      report.atMost('seconds_to_answered_call_of_a_cold_edge', cold, 15);
      report.is('calls_with_audio', await fleet.flowing(), calls);
      report.is('calls_lost', calls - fleet.alive.length, 0);
      await setKv(stack.edge.url, 'well');
      const backAt = performance.now();
      await published(await operatorOf({ edgeUrl: stack.edge.url, ...stack.livekit }));
      report.atMost('seconds_to_published', secondsSince(backAt), 15);
      await fleet.hangUp();
      await judgeRecords(callgate, fleet, report);
    });
  },
};
