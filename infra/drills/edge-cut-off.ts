/**
 * The node is cut off from the edge alone: the edge cannot tell it from a dead one. Promised: who calls meanwhile gets a final answer, callers are told and rooms are clean as when a
 * node dies, and when the network is back calls come in again and each has one record, whoever wrote it.
 */
import { pause } from '../e2e/phone-calls.ts';
import { withFleetBehindProxy } from './behind-proxy.ts';
import type { Drill } from './drill.ts';
import { answeredWithin, judgeRecords, secondsSince } from './steps.ts';

/** linkLimits.lostMs, a look of the edge, and what LiveKit and SIP add. */
const toldS = 15;

export const edgeCutOff: Drill = {
  what: 'the node is cut off from the edge, and from nothing else',
  async run({ calls, say }, report) {
    await withFleetBehindProxy(calls, async ({ callgate, fleet, proxy }) => {
      const spare = callgate.numbers[calls] ?? '';
      await fleet.listen(spare);
      say(`${calls} calls are up; nothing goes between node and edge`);
      proxy.fault = { kind: 'cut' };
      proxy.cutLinks();
      const cutAt = performance.now();
      const { answer, ms } = await fleet.tryOne(spare);
      report.is('new_call_got', answer.kind === 'refused' ? answer.status : answer.kind, 503);
      report.atMost('its_final_answer_ms', ms, 4_000);
      while (fleet.alive.length > 0 && secondsSince(cutAt) < 60) await pause(100);
      report.atMost('seconds_to_last_bye', secondsSince(cutAt), toldS);
      report.is('callers_told_by_bye', fleet.toldByBye, calls);
      report.atMost('seconds_to_clean_rooms', await fleet.secondsToClean(cutAt, 60), toldS);
      proxy.fault = { kind: 'none' };
      const wellAt = performance.now();
      const recovered = await answeredWithin(fleet, spare, wellAt, 30);
      report.atMost('seconds_to_next_answered_call', recovered, 15);
      while (proxy.links === 0 && secondsSince(wellAt) < 60) await pause(100);
      report.atMost('seconds_to_link', proxy.links === 0 ? null : secondsSince(wellAt), 45);
      await judgeRecords(callgate, fleet, report);
    });
  },
};
