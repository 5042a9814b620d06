/** More calls than RTP ports. Promised: what there is is used, the rest gets 503 at once, nobody is left without an answer, and a port that is free again is used again. */
import { mediaLimits } from '@callgate/shared/limits.ts';
import { pause } from '../e2e/phone-calls.ts';
import { startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { answeredWithin, judgeRecords } from './steps.ts';

export const noPorts: Drill = {
  what: 'more calls than RTP ports',
  async run({ calls, say }, report) {
    const from = 22_000;
    const callgate = await startCallgate(calls, { rtpPorts: { from, to: from + 2 * calls - 1 } });
    await withFleet(callgate, calls, async (fleet) => {
      say(`${calls} calls are up and hold every port; as many again are tried`);
      const spare = callgate.numbers.slice(calls, calls + 20);
      let slowest = 0;
      const answers: Record<string, number> = {};
      for (const number of spare) {
        await fleet.listen(number);
        const { answer, ms } = await fleet.tryOne(number);
        const name = answer.kind === 'refused' ? String(answer.status) : answer.kind;
        answers[name] = (answers[name] ?? 0) + 1;
        slowest = Math.max(slowest, ms);
      }
      report.tell('more_calls_got', answers);
      report.is('refused_with_503', answers['503'] ?? 0, spare.length);
      report.atMost('slowest_final_answer_ms', slowest, 4_000);
      report.is('calls_with_audio', await fleet.flowing(), calls);
      report.is('calls_lost', calls - fleet.alive.length, 0);
      await fleet.hangUp(fleet.alive.slice(0, 5));
      const freeAt = performance.now();
      await pause(mediaLimits.portDrainIdleMs);
      const recovered = await answeredWithin(fleet, spare[0] ?? '', freeAt, 30);
      report.atMost('seconds_to_next_answered_call', recovered, 15);
      await fleet.hangUp();
      await judgeRecords(callgate, fleet, report);
    });
  },
};
