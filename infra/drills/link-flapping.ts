/**
 * The link between node and edge breaks twice a second. Promised: no call notices, a change of routing is still in force within a second, and the link is back when the
 * network is.
 */
import { pause } from '../e2e/phone-calls.ts';
import { freeTcpPort } from '../local/free-port.ts';
import { startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import { FaultProxy } from './fault-proxy.ts';
import { withFleet } from './fleet.ts';
import { renamesWithin } from './routing-change.ts';
import { judgeRecords, secondsSince } from './steps.ts';

const cutEveryMs = 500;

export const linkFlapping: Drill = {
  what: 'the link between node and edge breaks twice a second',
  async run({ calls, seconds, say }, report) {
    const edgePort = await freeTcpPort('127.0.0.1');
    const proxy = await FaultProxy.start(edgePort);
    const callgate = await startCallgate(calls, {
      edgePort,
      nodeEnvironment: { CALLGATE_EDGE_URL: proxy.url },
    });
    let cuts = 0;
    const cutting = setInterval(() => {
      cuts += proxy.links;
      proxy.cutLinks();
    }, cutEveryMs);
    try {
      await withFleet(callgate, calls, async (fleet) => {
        say(`${calls} calls are up; the link breaks every ${cutEveryMs} ms for ${seconds} s`);
        const startedAt = performance.now();
        let worst = 0;
        let changes = 0;
        while (secondsSince(startedAt) < seconds) {
          worst = Math.max(worst, await renamesWithin(callgate, fleet, changes));
          changes += 1;
          await pause(1_000);
        }
        clearInterval(cutting);
        report.tell('links_cut', cuts);
        report.tell('changes_of_routing', changes);
        report.atMost('slowest_change_in_force_ms', worst, 3_000);
        report.is('calls_with_audio', await fleet.flowing(), calls);
        report.is('calls_lost', calls - fleet.alive.length, 0);
        const calmAt = performance.now();
        while (proxy.links === 0 && secondsSince(calmAt) < 60) await pause(100);
        report.atMost('seconds_to_link', proxy.links === 0 ? null : secondsSince(calmAt), 45);
        await fleet.hangUp();
        await judgeRecords(callgate, fleet, report);
      });
    } finally {
      clearInterval(cutting);
      await proxy.close();
    }
  },
};
