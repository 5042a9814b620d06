/**
 * The non-INVITE server transaction: RFC 3261 §17.2.2 figure 8.
 *
 *   trying --1xx--> proceeding --200-699--> completed --J--> terminated
 *      +-------------200-699------------------^
 */
import {
  enter,
  type Machine,
  resend,
  type State,
  type Step,
  send,
  start,
  stay,
  tellUnsent,
} from './machine.ts';
import { giveUpMs, type Timing } from './timing.ts';

export type NonInviteServerState = 'trying' | 'proceeding' | 'completed' | 'terminated';

export type NonInviteServerInput =
  /** A copy of the request. */
  'request' | 'provisional' | 'final' | 'send-failed' | 'timer-J';

export const nonInviteServer: Machine<NonInviteServerState, NonInviteServerInput> = {
  start: { name: 'trying', resendMs: 0 },
  next,
};

function next(
  state: State<NonInviteServerState>,
  input: NonInviteServerInput,
  timing: Timing,
): Step<NonInviteServerState> {
  switch (state.name) {
    case 'trying': // A copy before any answer is dropped: there is nothing to resend.
      return input === 'request' ? stay(state) : answered(state, input, timing);
    case 'proceeding':
      return input === 'request' ? stay(state, resend) : answered(state, input, timing);
    case 'completed':
      if (input === 'request') return stay(state, resend);
      if (input === 'timer-J') return enter('terminated');
      if (input === 'send-failed') return enter('terminated', tellUnsent);
      return stay(state); // Any further answer of the transaction user is dropped.
    case 'terminated':
      return stay(state);
    default:
      return state.name satisfies never;
  }
}

function answered(
  state: State<NonInviteServerState>,
  input: NonInviteServerInput,
  timing: Timing,
): Step<NonInviteServerState> {
  switch (input) {
    case 'provisional':
      return enter('proceeding', send);
    case 'final':
      return enter('completed', send, start('J', timing.isReliable ? 0 : giveUpMs(timing)));
    case 'send-failed':
      return enter('terminated', tellUnsent);
    default:
      return stay(state);
  }
}
