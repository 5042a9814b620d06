/** kill -9 of livekit-server, which its service manager starts again after a second. Promised: every call goes on, into the room that is made anew. */
import { pause } from '../e2e/phone-calls.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { judgeRecords, secondsSince, startSubject } from './steps.ts';

export const livekitRestarted: Drill = {
  what: 'kill -9 of livekit-server, which is started again at once',
  forPeer: true,
  async run(options, report) {
    const { subject, callgate } = await startSubject(options);
    await withFleet(subject, options.calls, async (fleet) => {
      options.say(`${options.calls} calls are up; kill -9 of livekit-server, start after 1 s`);
      subject.room.kill('SIGKILL');
      const killedAt = performance.now();
      await subject.room.ended;
      await pause(1_000);
      await subject.restartRoom();
      report.tell('seconds_livekit_was_away', secondsSince(killedAt));
      let flowing = 0;
      while (flowing < options.calls && secondsSince(killedAt) < 40)
        flowing = await fleet.flowing();
      report.atMost(
        'seconds_to_all_audio',
        flowing < options.calls ? null : secondsSince(killedAt),
        30,
      );
      report.is('calls_with_audio', flowing, options.calls);
      report.is('calls_lost', options.calls - fleet.alive.length, 0);
      await fleet.hangUp();
      const hungUpAt = performance.now();
      report.atMost('seconds_to_clean_rooms', await fleet.secondsToClean(hungUpAt, 60), 15);
      if (callgate !== null) await judgeRecords(callgate, fleet, report);
    });
  },
};
