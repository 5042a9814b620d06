/**
 * Strangers at the SIP port with calls up: floods, connections that stall, sipvicious, each made in a process of its own. Promised: the calls keep their pacing (p99 between
 * packets under 25 ms), a legitimate call still gets through, and 40 s later memory is back.
 */
import { ownMemoryMb } from '../bench/process-cost.ts';
import { pause } from '../e2e/phone-calls.ts';
import { type Attack, runAttack, sipvicious } from '../lab/attacks.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { judgePacing, watchedNode, withPacing } from './judge-pacing.ts';
import { startSecureCallgate } from './secure-callgate.ts';

/** Datagrams a second that a flood sends. */
const floodPerSecond = 2_000;
const connections = 300;
const restMs = 40_000;
/** Further calls, of which the pacing is watched. */
const watchedCalls = 5;
/** The collector's breath, MB, of the node and its media processes together. */
const growthMb = 40;

export const attack: Drill = {
  what: 'floods of INVITE, OPTIONS and noise, half messages and handshakes, and sipvicious, at the SIP port',
  seconds: 10,
  calls: 10,
  async run({ calls, seconds, say }, report) {
    const callgate = await startSecureCallgate(calls, {
      nodeEnvironment: watchedNode,
    });
    await withFleet(callgate, calls, async (fleet) => {
      const [address = '', port = ''] = callgate.sip.split(':');
      const sip = { address, port: Number(port) };
      const spare = callgate.numbers[calls] ?? '';
      await fleet.listen(spare);
      const watched = callgate.numbers.slice(calls + 1, calls + 1 + watchedCalls);
      await withPacing({ subject: callgate, callgate, report }, watched, async (pacing) => {
        const paced = <T>(name: string, run: () => Promise<T>) => judgePacing(pacing, name, run);
        say(`${calls} calls are up; ${seconds} s for comparison, then the strangers`);
        await paced('quiet', () => pause(seconds * 1_000));
        const memoryBefore = ownMemoryMb(callgate.stack.node.pid);
        const flood = async (
          what: Attack['what'],
          from: string,
          count: number,
          target: Attack['target'] = sip,
        ) => {
          const result = await paced(what, () => runAttack({ what, from, target, count }));
          report.tell(`${what}_sent`, result.sent);
          report.tell(`${what}_answered`, result.answered);
          const { answer, ms } = await fleet.tryOne(spare);
          report.is(`${what}_legitimate_call`, answer.kind, 'answered');
          report.tell(`${what}_legitimate_call_ms`, ms);
        };
        await flood('INVITE', '127.0.9.1', seconds * floodPerSecond);
        await flood('OPTIONS', '127.0.9.2', seconds * floodPerSecond);
        await flood('noise', '127.0.9.3', seconds * floodPerSecond);
        await flood('half-messages', '127.0.9.4', connections);
        await flood('half-handshakes', '127.0.9.5', connections, callgate.tls);
        await paced('sipvicious', async () => {
          for (const name of ['svmap', 'svwar', 'svcrack'] as const) await sipvicious(name, sip);
        });
        say('the strangers are gone; 40 s of rest');
        await pause(restMs);
        const grown = ownMemoryMb(callgate.stack.node.pid) - memoryBefore;
        report.tell('memory_mb_before', Math.round(memoryBefore));
        report.atMost('memory_mb_grown', Math.round(grown), growthMb);
        report.is('calls_lost', calls - fleet.alive.length, 0);
        report.is('calls_with_audio', await fleet.flowing(), calls);
      });
      await fleet.hangUp();
    });
  },
};
