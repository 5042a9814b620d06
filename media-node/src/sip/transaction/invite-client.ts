/**
 * The INVITE client transaction: RFC 3261 §17.1.1 figure 5 with the Accepted state of RFC 6026 §7.2. It sends our re-INVITEs.
 *
 *   calling --1xx--> proceeding --300-699--> completed --D--> terminated
 *      |                  +--------2xx-----> accepted --M--> terminated
 *      +-- B: nothing at all in 64*T1 ---> terminated
 */
import {
  acknowledge,
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

export type InviteClientState = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

export type InviteClientInput =
  /** The transaction user starts it. */
  | 'request'
  | 'provisional'
  | 'success'
  | 'refusal'
  | 'send-failed'
  | 'timer-A'
  | 'timer-B'
  | 'timer-D'
  | 'timer-M';

/** At least 32 s, whatever T1 is. RFC 3261 §17.1.1.2. */
const timerDMs = 32_000;

export const inviteClient: Machine<InviteClientState, InviteClientInput> = {
  start: { name: 'calling', resendMs: 0 },
  next,
};

function next(
  state: State<InviteClientState>,
  input: InviteClientInput,
  timing: Timing,
): Step<InviteClientState> {
  switch (state.name) {
    case 'calling':
      return calling(state, input, timing);
    case 'proceeding':
      return input === 'provisional' ? stay(state, pass) : final(state, input, timing);
    case 'completed':
      if (input === 'refusal') return stay(state, acknowledge);
      if (input === 'timer-D') return enter('terminated');
      return input === 'send-failed' ? enter('terminated', tellUnsent) : stay(state);
    case 'accepted': // Copies of the 2xx go up: their ACK is the dialog's to send. RFC 6026 §7.2.
      if (input === 'success') return stay(state, pass);
      return input === 'timer-M' ? enter('terminated') : stay(state);
    case 'terminated':
      return stay(state);
    default:
      return state.name satisfies never;
  }
}

function calling(
  state: State<InviteClientState>,
  input: InviteClientInput,
  timing: Timing,
): Step<InviteClientState> {
  switch (input) {
    case 'request': {
      const b = start('B', giveUpMs(timing));
      return timing.isReliable
        ? enter('calling', send, b)
        : resending('calling', 'A', timing.t1Ms, send, b);
    }
    case 'timer-A': // Doubles without a cap: 0.5, 1, 2, 4, 8, 16 s.
      return resending('calling', 'A', 2 * state.resendMs, resend);
    case 'timer-B':
      return enter('terminated', stop('A'), tellTimeout);
    case 'provisional':
      return enter('proceeding', stop('A'), stop('B'), pass);
    case 'send-failed':
      return enter('terminated', stop('A'), stop('B'), tellUnsent);
    default:
      return final(state, input, timing);
  }
}

function final(
  state: State<InviteClientState>,
  input: InviteClientInput,
  timing: Timing,
): Step<InviteClientState> {
  switch (input) {
    case 'success':
      return enter('accepted', stop('A'), stop('B'), pass, start('M', giveUpMs(timing)));
    case 'refusal': {
      const d = start('D', timing.isReliable ? 0 : timerDMs);
      return enter('completed', stop('A'), stop('B'), acknowledge, pass, d);
    }
    case 'send-failed':
      return enter('terminated', tellUnsent);
    default:
      return stay(state);
  }
}
