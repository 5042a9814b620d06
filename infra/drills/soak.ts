/**
 * Twenty minutes of an ordinary day: calls that stay, one more every second that presses keys, holds, resumes and ends, and lines that lose 1%. Promised: nothing that the node holds
 * grows, live calls keep their audio, and when all have ended nothing is left.
 */
import { collectedHeapMb } from '../bench/collected-heap.ts';
import { family } from '../bench/process-cost.ts';
import { pause } from '../e2e/phone-calls.ts';
import { eventually, isNodeIdle } from '../e2e/routed-stack.ts';
import { type CallgateSubject, startCallgate } from './callgate-subject.ts';
import type { Drill } from './drill.ts';
import type { DrillReport } from './drill-report.ts';
import { type Fleet, withFleet } from './fleet.ts';
import { median, quantities, type Sample, slopePerHour, takeSample } from './process-samples.ts';
import { judgeRecords, secondsSince } from './steps.ts';

const lossyLine = { loss: 0.01, duplicate: 0, reorder: 0, delayMs: [0, 0] } as const;
/** Set-ups that a machine in use may fail (503); none of them may leave anything. */
const failedShare = 0.005;
const churnEveryMs = 1_000;
const callMs = 8_000;
const sampleEveryMs = 5_000;
/** Rooms of the calls that come and go. */
const rooms = 20;
/** What the middle of the last third may be above that of the second; the first warms up. Heap and memory breathe with the collector. */
const growthMax = { residentMb: 20, heapMb: 10, descriptors: 8, timers: 15 } as const;
/** Of the heap after a collection between the second third and the end: until then the ladders of the last 1,000 calls fill up. */
const heldGrowthMb = 5;

export const soak: Drill = {
  what: 'twenty minutes of calls that come and go, keys, hold and 1% loss',
  seconds: 1_200,
  async run({ calls, seconds, say }, report) {
    const callgate = await startCallgate(calls);
    await withFleet(
      callgate,
      calls,
      async (fleet) => {
        const numbers = callgate.numbers.slice(calls, calls + rooms);
        for (const number of numbers) await fleet.listen(number);
        say(`${calls} calls are up; ${seconds} s of churn`);
        const churn = new Churn(fleet, numbers);
        const samples: Sample[] = [];
        const heaps: Heaps[] = [];
        const startedAt = performance.now();
        const placing = setInterval(() => churn.place(), churnEveryMs);
        try {
          while (secondsSince(startedAt) < seconds) {
            await pause(sampleEveryMs);
            samples.push(await takeSample(callgate.stack, secondsSince(startedAt)));
            const thirds = Math.floor((3 * secondsSince(startedAt)) / seconds);
            if (thirds > heaps.length) heaps.push(await heapsOf(callgate.stack.node.pid));
          }
        } finally {
          clearInterval(placing);
        }
        await churn.over();
        report.tell('calls_that_came_and_went', churn.placed);
        report.atMost('calls_that_failed', churn.failed, Math.ceil(failedShare * churn.placed));
        report.is('holds_that_failed', churn.holdsFailed, 0);
        judgeGrowth(samples, report);
        judgeHeaps(heaps, report);
        report.is('calls_with_audio', await fleet.flowing(), calls);
        report.is('calls_lost', calls - fleet.alive.length, 0);
        await fleet.hangUp();
        await leavesNothing(callgate, report);
        await judgeRecords(callgate, fleet, report);
      },
      { impaired: { impairment: lossyLine, seed: 1 } },
    );
  },
};

/** Calls that come and go. */
class Churn {
  placed = 0;
  failed = 0;
  holdsFailed = 0;
  readonly #fleet: Fleet;
  readonly #numbers: readonly string[];
  readonly #underway = new Set<Promise<void>>();

  constructor(fleet: Fleet, numbers: readonly string[]) {
    this.#fleet = fleet;
    this.#numbers = numbers;
  }

  place(): void {
    const one = this.#call(this.placed).finally(() => this.#underway.delete(one));
    this.#underway.add(one);
    this.placed += 1;
  }

  async over(): Promise<void> {
    await Promise.all(this.#underway);
  }

  async #call(n: number): Promise<void> {
    const number = this.#numbers[n % this.#numbers.length] ?? '';
    const call = await this.#fleet.dial(number, {
      from: `+1777${String(n).padStart(7, '0')}`,
    });
    const answer = await call.answer;
    if (answer.kind !== 'answered') {
      this.failed += 1;
      return;
    }
    await pause(callMs / 4);
    call.press('15#');
    await pause(callMs / 4);
    call.reoffer('sendonly');
    await pause(callMs / 4);
    call.reoffer('sendrecv');
    await pause(callMs / 4);
    const taken = call.timeline.entries.filter(({ event }) => event === '200 to re-INVITE').length;
    if (taken !== 2) this.holdsFailed += 1;
    call.hangUp();
    await call.ended;
  }
}

function judgeGrowth(samples: readonly Sample[], report: DrillReport): void {
  const third = Math.floor(samples.length / 3);
  const [second, last] = [samples.slice(third, 2 * third), samples.slice(2 * third)];
  report.tell('looks', samples.length);
  for (const quantity of quantities) {
    const [was, is] = [median(second, quantity), median(last, quantity)];
    report.tell(`${quantity}_middle`, rounded(was));
    report.tell(
      `${quantity}_slope_per_hour`,
      rounded(slopePerHour(samples.slice(third), quantity)),
    );
    report.atMost(`${quantity}_growth`, rounded(is - was), growthMax[quantity]);
  }
}

/** What the processes hold after a collection, MB, looked at after each third. */
interface Heaps {
  readonly main: number;
  /** All together. */
  readonly media: number;
}

async function heapsOf(nodePid: number): Promise<Heaps> {
  const heaps = new Map<number, number>();
  for (const pid of family(nodePid)) heaps.set(pid, await collectedHeapMb(pid));
  const main = heaps.get(nodePid) ?? 0;
  const all = [...heaps.values()].reduce((sum, mb) => sum + mb, 0);
  return { main, media: all - main };
}

/** What calls keep shows here, whatever allocator and collector do with the rest. */
function judgeHeaps(heaps: readonly Heaps[], report: DrillReport): void {
  for (const part of ['main', 'media'] as const) {
    const held = heaps.map((look) => rounded(look[part]));
    report.tell(
      `${part}_heap_mb_after_collection`,
      Object.fromEntries(held.map((mb, third) => [`third_${third + 1}`, mb])),
    );
    report.atMost(
      `${part}_heap_growth`,
      rounded((held.at(-1) ?? 0) - (held.at(-2) ?? 0)),
      heldGrowthMb,
    );
  }
}

async function leavesNothing({ stack }: CallgateSubject, report: DrillReport): Promise<void> {
  const isIdle = eventually('the node is idle', () => isNodeIdle(stack), 45_000);
  report.is('nothing_left', await isIdle.then(() => true).catch(() => false), true);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
