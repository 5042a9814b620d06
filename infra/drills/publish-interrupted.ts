/**
 * kill -9 of the edge, and so of every Durable Object, while a big change is written and published: at moments from the request's first millisecond to after its answer.
 * Promised: a change is there whole or not at all, one that was answered is there, and what is there is published without hands.
 */
import { type Operator, operatorOf, published } from '../clients/operator.ts';
import { pause } from '../e2e/phone-calls.ts';
import { type CallgateSubject, startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import { withFleet } from './fleet.ts';
import { answeredWithin, judgeRecords, secondsSince } from './steps.ts';

const trunks = 40;
const numbersPerTrunk = 50;
/** When the edge is killed, as a share of what the change takes when nobody disturbs it. */
const moments = [0.05, 0.3, 0.6, 0.8, 0.95, 1.1, 1.5];

export const publishInterrupted: Drill = {
  what: 'the Durable Objects restart while routing is published',
  async run({ calls, say }, report) {
    const callgate = await startCallgate(calls);
    await withFleet(callgate, calls, async (fleet) => {
      const spare = callgate.numbers[calls] ?? '';
      await fleet.listen(spare);
      let [answered, whole, halves, lost, slowestS] = [0, 0, 0, 0, 0];
      const undisturbedMs = await wholeChangeMs(callgate, moments.length);
      for (const [n, share] of moments.entries()) {
        const momentMs = Math.round(share * undisturbedMs);
        say(`${calls} calls are up; ${trunks} trunks are changed, kill -9 after ${momentMs} ms`);
        const outcome = await interruptedChange(callgate, n, momentMs);
        answered += Number(outcome.wasAnswered);
        whole += Number(outcome.there === trunks);
        halves += Number(outcome.there > 0 && outcome.there < trunks);
        lost += Number(outcome.wasAnswered && outcome.there < trunks);
        slowestS = Math.max(slowestS, outcome.publishedAfterS);
      }
      report.tell('changes', moments.length);
      report.tell('undisturbed_change_ms', undisturbedMs);
      report.tell('answered_before_the_kill', answered);
      report.tell('there_afterwards', whole);
      report.is('half_there', halves, 0);
      report.is('answered_but_lost', lost, 0);
      report.atMost('slowest_publish_after_restart_s', slowestS, 30);
      report.is('calls_lost', calls - fleet.alive.length, 0);
      const wellAt = performance.now();
      const recovered = await answeredWithin(fleet, spare, wellAt, 30);
      report.atMost('seconds_to_next_answered_call', recovered, 15);
      await fleet.hangUp();
      await judgeRecords(callgate, fleet, report);
    });
  },
};

/** How long a change takes from request to answer, ms. */
async function wholeChangeMs({ stack }: CallgateSubject, change: number): Promise<number> {
  const operator = await operatorOf({ edgeUrl: stack.edge.url, ...stack.livekit });
  const startedAt = performance.now();
  await operator('PATCH', '/v1/routing', { trunks: trunksOf(change) });
  return Math.round(performance.now() - startedAt);
}

async function interruptedChange({ stack }: CallgateSubject, change: number, momentMs: number) {
  const access = () => operatorOf({ edgeUrl: stack.edge.url, ...stack.livekit });
  const before = await access();
  let wasAnswered = false;
  const request = before('PATCH', '/v1/routing', { trunks: trunksOf(change) }).then(
    () => {
      wasAnswered = true;
    },
    (error: unknown) => {
      // Cut off: whether it is there is what we look for. Refused: the drill itself is wrong.
      if (error instanceof Error && error.message.startsWith('PATCH')) throw error;
    },
  );
  await pause(momentMs);
  const answeredInTime = wasAnswered;
  stack.edge.kill('SIGKILL');
  await stack.edge.ended;
  await request;
  await stack.restartEdge();
  const backAt = performance.now();
  const operator = await access();
  await published(operator);
  const there = await countOf(operator, change);
  return { wasAnswered: answeredInTime, there, publishedAfterS: secondsSince(backAt) };
}

function trunksOf(change: number): Record<string, object> {
  return Object.fromEntries(
    Array.from({ length: trunks }, (_, n) => {
      const numbers = Array.from(
        { length: numbersPerTrunk },
        (_, at) => `+2${change}${String(n * numbersPerTrunk + at).padStart(8, '0')}`,
      );
      return [`ST_drill_${change}_${n}`, { name: `drill ${change} ${n}`, numbers }];
    }),
  );
}

async function countOf(operator: Operator, change: number): Promise<number> {
  const table = (await operator('GET', '/v1/routing')) as {
    readonly trunks: readonly { readonly sip_trunk_id: string }[];
  };
  return table.trunks.filter((one) => one.sip_trunk_id.startsWith(`ST_drill_${change}_`)).length;
}
