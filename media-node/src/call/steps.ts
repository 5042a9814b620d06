/** The few steps that every state of a call may take: ending in one of three ways, or staying. Pure. */
import type { OutcomeReason } from '@callgate/shared/call/outcome.ts';
import type { CallEffect, CallState, Step } from './call-machine.ts';

/** Ends an answered call from our side: BYE first, while the participant's attributes can still be read. */
export function hangUp(reason: OutcomeReason): Step {
  return end(reason, { do: 'bye', reason }, { do: 'set-status', status: 'hangup' });
}

/** The caller has hung up, after a transfer perhaps. */
export function callerBye({ isTransferred }: { readonly isTransferred?: boolean }): Step {
  const reason = isTransferred === true ? 'transferred' : 'caller-hung-up';
  return end(reason, { do: 'set-status', status: 'hangup' });
}

/** Ends a call that has not been answered with the final answer of the table of outcomes. */
export function refuse(reason: OutcomeReason, explanation: string): Step {
  return end(reason, { do: 'refuse', reason, explanation });
}

/** The same while a participant of ours may be in the room: it is told before it leaves. */
export function refuseInRoom(reason: OutcomeReason, explanation: string): Step {
  const refused = { do: 'refuse', reason, explanation } as const;
  return end(reason, refused, { do: 'set-status', status: 'hangup' });
}

/** Ends the call: the effects given, then everything is freed and the record written. */
export function end(reason: OutcomeReason, ...effects: CallEffect[]): Step {
  return { state: { name: 'ended', reason }, effects: [...effects, { do: 'finish', reason }] };
}

/** The event means nothing in this state. */
export function stay(state: CallState): Step {
  return { state, effects: [] };
}
