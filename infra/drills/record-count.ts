/**
 * Counts records as an operator would read them: each call that the node took up must have one that says how it ended, and no second. A call that admission turned away
 * before anything was made of it has none, by design; those are counted apart.
 */
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { operatorOf } from '../clients/operator.ts';
import { pause } from '../e2e/phone-calls.ts';
import type { RoutedStack } from '../e2e/routed-stack.ts';
import type { PhoneCall } from '../phone/phone-call.ts';

export interface RecordCount {
  readonly lost: number;
  readonly doubled: number;
  /** Calls that the node turned away at its door. */
  readonly turnedAway: number;
  /** How many ended how. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Reads every call's records at the edge until none is missing, for `withinMs` at most. */
export async function countRecords(
  stack: RoutedStack,
  placed: readonly PhoneCall[],
  withinMs = 45_000,
): Promise<RecordCount> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const count = await countOnce(stack, placed);
    if (count.lost === 0 || performance.now() > deadline) return count;
    await pause(1_000);
  }
}

async function countOnce(stack: RoutedStack, placed: readonly PhoneCall[]): Promise<RecordCount> {
  const offered = offeredCalls(stack);
  const operator = await operatorOf({ edgeUrl: stack.edge.url, ...stack.livekit });
  const reasons: Record<string, number> = {};
  let [lost, doubled, turnedAway] = [0, 0, 0];
  for (const { callId } of placed) {
    const own = offered.get(callId);
    if (own === undefined) {
      turnedAway += 1;
      continue;
    }
    let [endings, challenged] = [0, 0];
    for (const id of own.ids) {
      // 404 as long as none has come in.
      const found = await operator('GET', `/v1/calls/${id}`).catch(() => null);
      const records = (found?.['records'] ?? []) as readonly { readonly record: CallRecord }[];
      for (const { record } of records) {
        // The INVITE before the credentials is an attempt of its own that says nothing of how the call ended.
        if (record.reason === 'challenge-unanswered') {
          challenged += 1;
          continue;
        }
        endings += 1;
        reasons[record.reason] = (reasons[record.reason] ?? 0) + 1;
      }
    }
    // Turned away when it came back with its credentials: the challenge is all that the node knows of it. One that it took up again is owed a record.
    const isTurnedAway = challenged > 0 && own.invites === 1;
    if (endings === 0 && isTurnedAway) turnedAway += 1;
    if (endings === 0 && !isTurnedAway) lost += 1;
    if (endings > 1) doubled += endings - 1;
  }
  return { lost, doubled, turnedAway, reasons };
}

interface Offered {
  /** Call ids of it. */
  readonly ids: Set<string>;
  /** INVITEs that became an attempt: that with credentials is one more. */
  invites: number;
}

/** Calls by SIP Call-ID, as the node's log has them. */
function offeredCalls(stack: RoutedStack): Map<string, Offered> {
  const calls = new Map<string, Offered>();
  for (const event of stack.nodeEvents('call-offered')) {
    const sipCallId = String(event['sip_call_id']);
    const call = calls.get(sipCallId) ?? { ids: new Set<string>(), invites: 0 };
    call.ids.add(String(event['call_id']));
    call.invites += 1;
    calls.set(sipCallId, call);
  }
  return calls;
}
