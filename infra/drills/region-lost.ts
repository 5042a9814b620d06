/**
 * Two nodes, as in two regions, in a provider's list of places to send calls to. The first drains, then is killed and stays away. Promised: a draining node answers 503 at
 * once, so that the provider's next try is answered; a dead one costs the provider's own patience and no more; calls of the second node notice nothing.
 */
import { join } from 'node:path';
import { operatorOf } from '../clients/operator.ts';
import { pause } from '../e2e/phone-calls.ts';
import { startMediaNode } from '../local/media-node.ts';
import { startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { providerCall } from './provider-list.ts';
import { judgeRecords, secondsSince } from './steps.ts';

const second = 'second';
/** A provider's patience with a place that says nothing, ms; many wait longer, none less. */
const patienceMs = 2_000;
/** What is promised beyond that patience: an ordinary set-up on a machine that others use. */
const setUpMs = 3_000;

export const regionLost: Drill = {
  what: 'one of two nodes drains, then is gone; the provider has both in its list',
  async run({ calls, say }, report) {
    const callgate = await startCallgate(calls, {
      furtherNodes: [second],
      nodeEnvironment: { CALLGATE_DRAIN_SECONDS: '600' },
    });
    const { stack } = callgate;
    const other = await startMediaNode({
      name: second,
      edgeUrl: stack.edge.url,
      token: stack.edge.secrets.nodeTokens[second] ?? '',
      rtpPorts: { from: 22_000, to: 23_999 },
      spoolFolder: join(stack.folder, 'second-spool'),
      onLine: (line) => stack.lines.push(line),
    });
    try {
      await withFleet({ ...callgate, sip: other.sip }, calls, async (fleet) => {
        const spare = callgate.numbers[calls] ?? '';
        await fleet.listen(spare);
        const list = [stack.node.sip, other.sip];
        const call = () => providerCall(fleet, list, spare, patienceMs);
        const well = await call();
        report.is('both_well_answered_by', well.answeredBy, stack.node.sip);

        say(`${calls} calls are up on the second node; the first drains`);
        const held = await fleet.place(callgate.numbers[calls + 1] ?? '', stack.node.sip);
        const operator = await operatorOf({ edgeUrl: stack.edge.url, ...stack.livekit });
        await operator('POST', '/v1/nodes/local/drain', { deadline_s: 600 });
        const drained = await call();
        report.is('first_drains_answered_by', drained.answeredBy, other.sip);
        report.atMost('first_drains_answered_after_ms', drained.ms, setUpMs);
        report.is('call_on_the_draining_node_lives', !held.call.isOver, true);

        say('... and is killed, for good');
        stack.node.kill('SIGKILL');
        await stack.node.ended;
        const gone = await call();
        report.is('first_gone_answered_by', gone.answeredBy, other.sip);
        report.atMost('first_gone_answered_after_ms', gone.ms, patienceMs + setUpMs);
        const goneAt = performance.now();
        report.atMost('seconds_to_clean_rooms', await fleet.secondsToClean(goneAt, 60, [held]), 15);
        report.is('calls_with_audio', await fleet.flowing(), calls);
        report.is('calls_lost', calls - fleet.alive.length, 0);
        await fleet.hangUp();
        await pause(1_000);
        report.tell('seconds_in_all', secondsSince(goneAt));
        // The record of the call that died with its node is what the edge makes of it.
        await judgeRecords(callgate, fleet, report);
      });
    } finally {
      await other.stop();
    }
  },
};
