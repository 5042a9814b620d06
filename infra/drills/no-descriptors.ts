/**
 * The node and its media processes may open no more files and sockets than they have (prlimit). Promised: calls that are up do not notice, new ones get 503, records are not
 * lost, and when the limit is lifted calls are taken without a restart.
 */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { family } from '../bench/process-cost.ts';
import { pause } from '../e2e/phone-calls.ts';
import { startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { answeredWithin, judgeRecords } from './steps.ts';

const run = promisify(execFile);
const triesEach = 5;
/** Left to each process, one after the other: more than a call takes and less than the node wants to be left, then less than a call takes. */
const spares = [20, 2];
/** Where every Linux begins; the node itself asked for more when it started. */
const wide = 4_096;

export const noDescriptors: Drill = {
  what: 'the node may open no more files and sockets',
  async run({ calls, say }, report) {
    // A second media process would be a way out: it begins with descriptors of its own.
    const nodeEnvironment = { CALLGATE_MEDIA_PROCESSES: '1' };
    const callgate = await startCallgate(calls, { nodeEnvironment });
    await withFleet(callgate, calls, async (fleet) => {
      const number = callgate.numbers[calls] ?? '';
      await fleet.listen(number);
      const processes = family(callgate.stack.node.pid);
      say(`${calls} calls are up; ${processes.length} processes may open hardly anything more`);
      const answers: Record<string, number> = {};
      let slowest = 0;
      for (const spare of spares) {
        for (const pid of processes) await limit(pid, limitWithSpare(pid, spare));
        for (let n = 0; n < triesEach; n += 1) {
          const { answer, ms } = await fleet.tryOne(number);
          const name = answer.kind === 'refused' ? String(answer.status) : answer.kind;
          answers[name] = (answers[name] ?? 0) + 1;
          slowest = Math.max(slowest, ms);
          await pause(200);
        }
      }
      report.tell('new_calls_got', answers);
      report.is('without_final_answer', answers['no-answer'] ?? 0, 0);
      report.is('refused_with_503', answers['503'] ?? 0, triesEach * spares.length);
      report.atMost('slowest_final_answer_ms', slowest, 5_000);
      report.is('calls_with_audio', await fleet.flowing(), calls);
      const half = fleet.alive.slice(0, Math.floor(calls / 2));
      await fleet.hangUp(half);
      report.is('calls_lost', calls - half.length - fleet.alive.length, 0);
      await pause(2_000);
      const alive = family(callgate.stack.node.pid);
      for (const pid of alive) await limit(pid, wide);
      report.is('processes_that_ended', processes.filter((pid) => !alive.includes(pid)).length, 0);
      const liftedAt = performance.now();
      const recovered = await answeredWithin(fleet, number, liftedAt, 30);
      report.atMost('seconds_to_next_answered_call', recovered, 15);
      await fleet.hangUp();
      await judgeRecords(callgate, fleet, report);
    });
  },
};

/** Sets how many descriptors a running process may have; what it could ask for stays. */
async function limit(pid: number, count: number): Promise<void> {
  await run('prlimit', ['--pid', String(pid), `--nofile=${count}:`]);
}

/**
 * The limit under which a process may open so many more. The kernel gives out the lowest free number below it, and what is open above it stays open: the numbers that
 * are free in between count, not how many are open.
 */
function limitWithSpare(pid: number, spare: number): number {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let [next, free] = [0, 0];
  while (free < spare || open.has(next)) {
    if (!open.has(next)) free += 1;
    next += 1;
  }
  return next;
}
