/**
 * kill -9 of livekit-server, which stays away. Promised: the caller gets BYE after the time a room is tried again (roomLimits.rejoinMs), new callers a 503 within 5 s; when
 * LiveKit is back calls are taken without hands.
 */
import { roomLimits } from '@callgate/shared/limits.ts';
import { pause } from '../e2e/phone-calls.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { answeredWithin, judgeRecords, secondsSince, startSubject } from './steps.ts';

const limitS = roomLimits.rejoinMs / 1_000 + 5;

export const livekitKilled: Drill = {
  what: 'kill -9 of livekit-server, which stays away for half a minute',
  forPeer: true,
  async run(options, report) {
    const { subject, callgate } = await startSubject(options);
    await withFleet(subject, options.calls, async (fleet) => {
      options.say(`${options.calls} calls are up; kill -9 of livekit-server`);
      subject.room.kill('SIGKILL');
      const killedAt = performance.now();
      await subject.room.ended;
      const tried = await fleet.tryOne(subject.numbers[options.calls] ?? '');
      const status = tried.answer.kind === 'refused' ? tried.answer.status : tried.answer.kind;
      report.is('new_call_gets', status, 503);
      report.atMost('new_call_answered_after_ms', tried.ms, 5_000);
      while (fleet.alive.length > 0 && secondsSince(killedAt) < 60) await pause(200);
      report.is('callers_told_by_bye', fleet.toldByBye, options.calls);
      const last = Math.max(
        ...fleet.calls.map(({ byeAtMono }) => byeAtMono ?? Number.POSITIVE_INFINITY),
      );
      report.atMost('seconds_to_last_bye', Math.round((last - killedAt) / 100) / 10, limitS);
      await pause(Math.max(0, 30_000 - (performance.now() - killedAt)));
      await subject.restartRoom();
      const backAt = performance.now();
      const spare = subject.numbers[options.calls + 1] ?? '';
      await fleet.listen(spare);
      const recovered = await answeredWithin(fleet, spare, backAt, 30);
      report.atMost('seconds_to_next_answered_call', recovered, 15);
      if (callgate !== null) await judgeRecords(callgate, fleet, report);
    });
  },
};
