/** The disk of the spool is full (a file system of 256 KB, filled). Promised: no call notices, new ones are taken, and no record is lost; room on the disk is used again without a restart. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from '../e2e/phone-calls.ts';
import { startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { makeSmallDisk } from './small-disk.ts';
import { judgeRecords } from './steps.ts';

const diskKb = 256;

export const diskFull: Drill = {
  what: 'the disk that holds the spool is full',
  async run({ calls, say }, report) {
    const disk = await makeSmallDisk(diskKb);
    try {
      const callgate = await startCallgate(calls, {
        nodeEnvironment: { CALLGATE_SPOOL_DIR: disk.folder },
      });
      await withFleet(callgate, calls, async (fleet) => {
        const spare = callgate.numbers[calls] ?? '';
        await fleet.listen(spare);
        say(`${calls} calls are up; the disk is full`);
        const ballast = join(disk.folder, 'ballast');
        report.is('disk_is_full', await isRefused(ballast), true);
        const third = Math.floor(calls / 3);
        await fleet.hangUp(fleet.alive.slice(0, third));
        const { answer } = await fleet.tryOne(spare);
        report.is('new_call', answer.kind, 'answered');
        say('... and the edge is away, too');
        callgate.stack.edge.kill('SIGKILL');
        await callgate.stack.edge.ended;
        await fleet.hangUp(fleet.alive.slice(0, third));
        const { answer: without } = await fleet.tryOne(spare);
        report.is(
          'new_call_without_edge',
          without.kind === 'refused' ? without.status : without.kind,
          503,
        );
        await pause(2_000);
        report.is('calls_with_audio', await fleet.flowing(), fleet.alive.length);
        await callgate.stack.restartEdge();
        await rm(ballast);
        await fleet.hangUp();
        await judgeRecords(callgate, fleet, report);
        report.is('records_pending', (await callgate.stack.nodeStats()).records_pending, 0);
      });
    } finally {
      await disk.remove();
    }
  },
};

/** Fills what is left. true: the disk took no more. */
async function isRefused(file: string): Promise<boolean> {
  try {
    await writeFile(file, Buffer.alloc(2 * diskKb * 1_024));
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  }
}
