/** kill -9 of one media process. Promised: only its calls end, each with BYE within a second; the others do not miss a packet; a successor takes calls. */
import { readFileSync } from 'node:fs';
import { pause } from '../e2e/phone-calls.ts';
import { startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { answeredWithin, judgeRecords, secondsSince } from './steps.ts';

export const mediaProcessKilled: Drill = {
  what: 'kill -9 of one media process of the node',
  async run(options, report) {
    const callgate = await startCallgate(options.calls, {
      nodeEnvironment: { CALLGATE_MEDIA_PROCESSES: '2' },
    });
    await withFleet(callgate, options.calls, async (fleet) => {
      const spare = callgate.numbers[options.calls] ?? '';
      await fleet.listen(spare);
      const processes = childrenOf(callgate.stack.node.pid);
      const own = Math.ceil(options.calls / processes.length);
      report.tell('media_processes', processes.length);
      options.say(
        `${options.calls} calls are up; kill -9 of one of ${processes.length} media processes`,
      );
      process.kill(processes[0] ?? 0, 'SIGKILL');
      const killedAt = performance.now();
      await pause(1_000);
      const dead = fleet.calls.filter(({ byeAtMono }) => byeAtMono !== null);
      await pause(1_000);
      report.atMost('calls_lost', options.calls - fleet.alive.length, own);
      report.is('callers_told_within_1_s', dead.length, fleet.toldByBye);
      report.is('others_with_audio', await fleet.flowing(), fleet.alive.length);
      const recovered = await answeredWithin(fleet, spare, killedAt, 30);
      report.atMost('seconds_to_next_answered_call', recovered, 15);
      report.atMost('seconds_to_clean_rooms', await fleet.secondsToClean(killedAt, 60, dead), 15);
      report.tell('media_processes_again', childrenOf(callgate.stack.node.pid).length);
      await fleet.hangUp();
      report.tell('seconds_in_all', secondsSince(killedAt));
      await judgeRecords(callgate, fleet, report);
    });
  },
};

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}
