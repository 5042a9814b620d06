/**
 * The node's wall clock jumps by an hour, forward and back, under calls (faketime, which leaves the monotonic clock alone as a real jump does). Promised: no call is
 * dropped, no timer fires early, audio keeps its pace, new calls are taken, and the node names the skew.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../e2e/phone-calls.ts';
import { startCallgate } from './callgate-subject.ts';
import { type Drill, DrillNeeds } from './drill.ts';
import { withFleet } from './fleet.ts';
import { judgeRecords } from './steps.ts';

const libraries = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`,
);
/** The library looks at its file this often. */
const settleMs = 2_000;

export const clockOff: Drill = {
  what: "the node's clock jumps by an hour, forward and back",
  async run({ calls, say }, report) {
    const library = libraries.find((one) => existsSync(one));
    if (library === undefined)
      throw new DrillNeeds('faketime is not installed: apt-get install faketime');
    const folder = await mkdtemp(join(tmpdir(), 'callgate-clock-'));
    const file = join(folder, 'offset');
    writeFileSync(file, '+0');
    try {
      const callgate = await startCallgate(calls, {
        nodeEnvironment: {
          LD_PRELOAD: library,
          FAKETIME_TIMESTAMP_FILE: file,
          FAKETIME_CACHE_DURATION: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        },
      });
      await withFleet(callgate, calls, async (fleet) => {
        const spare = callgate.numbers[calls] ?? '';
        await fleet.listen(spare);
        for (const [name, offset] of [
          ['forward', '+3600'],
          ['back', '-3600'],
          ['right', '+0'],
        ] as const) {
          say(`${calls} calls are up; the clock of the node is now off by ${offset} s`);
          writeFileSync(file, offset);
          await pause(settleMs);
          report.is(`calls_with_audio_${name}`, await fleet.flowing(), calls);
          const { answer } = await fleet.tryOne(spare);
          report.is(`new_call_${name}`, answer.kind, 'answered');
        }
        report.is('calls_lost', calls - fleet.alive.length, 0);
        await fleet.hangUp();
        await judgeRecords(callgate, fleet, report);
        writeFileSync(file, '+3600');
        await callgate.stack.node.stop();
        await callgate.stack.restartNode();
        await pause(settleMs);
        const named = callgate.stack.nodeEvents('clock-skew').length > 0;
        report.is('skew_is_named_in_the_log', named, true);
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
