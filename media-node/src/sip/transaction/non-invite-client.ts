/**
 * The non-INVITE client transaction: RFC 3261 §17.1.2 figure 6. It sends BYE, REFER, UPDATE, OPTIONS and their like.
 *
 *   trying --1xx--> proceeding --200-699--> completed --K--> terminated
 *      +-------------200-699------------------^
 *      +---- F: nothing final in 64*T1 ---> terminated
 */
import {
  type Action,
  enter,
  type Machine,
  pass,
  resend,
  resending,
  type State,
  type Step,
  send,
  start,
  stay,
  stop,
  tellTimeout,
  tellUnsent,
} from './machine.ts';
import { giveUpMs, type Timing } from './timing.ts';

export type NonInviteClientState = 'trying' | 'proceeding' | 'completed' | 'terminated';

export type NonInviteClientInput =
  /** The transaction user starts it. */
  'request' | 'provisional' | 'final' | 'send-failed' | 'timer-E' | 'timer-F' | 'timer-K';

const stopBoth: readonly Action[] = [stop('E'), stop('F')];

export const nonInviteClient: Machine<NonInviteClientState, NonInviteClientInput> = {
  start: { name: 'trying', resendMs: 0 },
  next,
};

function next(
  state: State<NonInviteClientState>,
  input: NonInviteClientInput,
  timing: Timing,
): Step<NonInviteClientState> {
  switch (state.name) {
    case 'trying':
    case 'proceeding':
      return waiting(state, state.name, input, timing);
    case 'completed': // Copies of the final answer are absorbed.
      return input === 'timer-K' ? enter('terminated') : stay(state);
    case 'terminated':
      return stay(state);
    default:
      return state.name satisfies never;
  }
}

function waiting(
  state: State<NonInviteClientState>,
  name: 'trying' | 'proceeding',
  input: NonInviteClientInput,
  timing: Timing,
): Step<NonInviteClientState> {
  switch (input) {
    case 'request': {
      const f = start('F', giveUpMs(timing));
      return timing.isReliable
        ? enter('trying', send, f)
        : resending('trying', 'E', timing.t1Ms, send, f);
    }
    case 'timer-E': {
      // Trying doubles up to T2; proceeding resends every T2. RFC 3261 §17.1.2.2.
      const ms = name === 'trying' ? Math.min(2 * state.resendMs, timing.t2Ms) : timing.t2Ms;
      return resending(name, 'E', ms, resend);
    }
    case 'provisional':
      return { state: { name: 'proceeding', resendMs: state.resendMs }, actions: [pass] };
    case 'final':
      return enter('completed', ...stopBoth, pass, start('K', timing.isReliable ? 0 : timing.t4Ms));
    case 'timer-F':
      return enter('terminated', ...stopBoth, tellTimeout);
    case 'send-failed':
      return enter('terminated', ...stopBoth, tellUnsent);
    default:
      return stay(state);
  }
}
