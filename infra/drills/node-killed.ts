/**
 * kill -9 of the bridge with calls up. Its service manager starts it again after a second, as the unit says (RestartSec=1). Promised: rooms clean within
 * 15 s, every caller is told, new calls are taken without hands, each call has one record.
 */
import { pause } from '../e2e/phone-calls.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { answeredWithin, judgeRecords, secondsSince, startSubject } from './steps.ts';

/** As `RestartSec` of callgate-node.service. */
const restartAfterMs = 1_000;

export const nodeKilled: Drill = {
  what: 'kill -9 of the node',
  forPeer: true,
  async run(options, report) {
    const { subject, callgate } = await startSubject(options);
    await withFleet(subject, options.calls, async (fleet) => {
      const spare = subject.numbers[options.calls] ?? '';
      await fleet.listen(spare);
      options.say(`${options.calls} calls are up; kill -9 of the bridge`);
      subject.bridge.kill('SIGKILL');
      const killedAt = performance.now();
      await subject.bridge.ended;
      report.tell('lingering_at_once', await fleet.lingering());
      await pause(restartAfterMs);
      await subject.restartBridge();
      const recovered = await answeredWithin(fleet, spare, killedAt, 30);
      report.atMost('seconds_to_next_answered_call', recovered, 15);
      report.atMost('seconds_to_clean_rooms', await fleet.secondsToClean(killedAt, 60), 15);
      while (fleet.toldByBye < options.calls && secondsSince(killedAt) < 20) await pause(200);
      report.is('callers_told_by_bye', fleet.toldByBye, options.calls);
      report.is('calls_lost', options.calls - fleet.alive.length, options.calls);
      if (callgate !== null) await judgeRecords(callgate, fleet, report);
    });
  },
};
