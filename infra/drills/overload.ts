/**
 * Ten times the admitted rate for a minute, with calls up: first all from a known carrier, then as much from strangers beside a carrier that stays within the rate.
 * Promised: live calls keep their audio (p99 between packets under 25 ms), the admitted rate is still served, nobody is left without a final answer, strangers are shed first.
 */
import { unknownNumber } from '../e2e/routed-stack.ts';
import { startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { judgePacing, watchedNode, withPacing } from './judge-pacing.ts';
import { startPeer } from './peer-subject.ts';
import { runLoad } from './run-load.ts';
import { judgeRecords } from './steps.ts';
import type { Subject } from './subject.ts';

/** Set low, so that ten times as much is no more than this machine can send; a share of what it could serve. */
const admittedPerSecond = 5;
const times = 10;
/** Goodput at ten times the capacity stays above this share of it, as overload control is judged (RFC 5390). */
const leastShare = 0.8;
const quietSeconds = 20;
/** Addresses of strangers; each stays below what a single stranger may send. */
const strangers = Array.from({ length: 10 }, (_, n) => `127.0.9.${n + 1}`);
/** Rooms that the calls of the load go to, in turn, with a speaker in each: enough for those that are admitted, and no more, since who speaks there takes processor time that is not the node's. */
const loadedNumbers = 10;
/** Further calls, of which the pacing is watched. */
const watchedCalls = 5;

export const overload: Drill = {
  what: 'ten times the admitted rate for a minute, from a carrier and from strangers',
  seconds: 60,
  forPeer: true,
  async run(options, report) {
    const { calls, seconds, say, peer } = options;
    const callgate =
      peer === null
        ? await startCallgate(calls, {
            nodeEnvironment: {
              CALLGATE_MAX_CALLS_PER_SECOND: String(admittedPerSecond),
              ...watchedNode,
            },
          })
        : null;
    const subject = callgate ?? (await startPeer(peer ?? '', calls));
    await withFleet(subject, calls, async (fleet) => {
      const numbers = subject.numbers.slice(calls, calls + loadedNumbers);
      for (const number of numbers) await fleet.listen(number);
      const watched = subject.numbers.slice(
        calls + loadedNumbers,
        calls + loadedNumbers + watchedCalls,
      );
      await withPacing({ subject, callgate, report }, watched, async (pacing) => {
        say(
          `${calls} calls are up; ${quietSeconds} s for comparison, then ${times} times the rate`,
        );
        await judgePacing(pacing, 'quiet', () => load(subject, numbers, 1, quietSeconds));
        const full = await judgePacing(pacing, 'overloaded', () =>
          load(subject, numbers, times * admittedPerSecond, seconds),
        );
        report.tell('carrier_offered', full.offered);
        report.tell('carrier_refused', full.refused);
        report.atLeast('carrier_answered', full.answered, leastShare * admittedPerSecond * seconds);
        report.is('carrier_without_final_answer', full.silent, 0);
        report.atMost('carrier_final_answer_ms_p95', full.finalAnswerMsP95, 4_000);
        say('now the carrier stays within the rate, and strangers send ten times as much');
        const within = leastShare * admittedPerSecond;
        const [carrier, stranger] = await judgePacing(pacing, 'strangers', () =>
          Promise.all([
            load(subject, numbers, within, seconds),
            runLoad({
              sip: subject.sip,
              numbers: [unknownNumber],
              from: strangers,
              perSecond: times * admittedPerSecond,
              seconds,
            }),
          ]),
        );
        report.tell('strangers_offered', stranger.offered);
        report.tell('strangers_refused', stranger.refused);
        report.atLeast(
          'carrier_answered_beside_strangers',
          carrier.answered,
          0.9 * carrier.offered,
        );
      });
      if (callgate !== null)
        report.tell('not_admitted', (await callgate.stack.nodeStats()).not_admitted);
      report.is('calls_lost', calls - fleet.alive.length, 0);
      report.is('calls_with_audio', await fleet.flowing(), calls);
      await fleet.hangUp();
      if (callgate !== null) await judgeRecords(callgate, fleet, report);
    });
  },
};

function load({ sip }: Subject, numbers: readonly string[], perSecond: number, seconds: number) {
  return runLoad({ sip, numbers, from: ['127.0.0.2'], perSecond, seconds });
}
