/** A change of the routing table that a caller can notice: how long until it does. */
import { pause } from '../e2e/phone-calls.ts';
import type { CallgateSubject } from './callgate-subject.ts';
import type { Fleet } from './fleet.ts';

/** A number of its own, so that it stands in no trunk that callers use meanwhile. */
const number = (change: number) => `+155590${String(change).padStart(2, '0')}`;
const giveUpMs = 70_000;

/**
 * Adds a trunk with an open number that no rule takes, and calls it until the refusal says `no rule` instead of `no trunk`; then removes it and calls until
 * it is `no trunk` again. @returns the longer of the two waits, ms; Infinity: not within 70 s
 */
export async function renamesWithin(
  { stack }: CallgateSubject,
  fleet: Fleet,
  change: number,
): Promise<number> {
  const called = number(change);
  const trunk = await stack.sip.createSipInboundTrunk(`change ${change}`, [called]);
  const added = await untilPhrase(fleet, called, 'No Dispatch Rule Found');
  await stack.sip.deleteSipTrunk(trunk.sipTrunkId);
  const removed = await untilPhrase(fleet, called, 'No Trunk Found');
  return Math.max(added, removed);
}

async function untilPhrase(fleet: Fleet, called: string, phrase: string): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const { answer } = await fleet.tryOne(called);
    const waitedMs = performance.now() - startedAt;
    if (answer.kind === 'refused' && answer.phrase === phrase) return Math.round(waitedMs);
    if (waitedMs > giveUpMs) return Number.POSITIVE_INFINITY;
    await pause(100);
  }
}
