/**
 * The INVITE server transaction: RFC 3261 §17.2.1 figure 7 with the Accepted state of RFC 6026 §7.1.
 *
 *   proceeding --300-699--> completed --ACK--> confirmed --I--> terminated
 *       |                       +--H: no ACK--> terminated
 *       +---only answer: completed as well, and not resent (ours, see below)
 *       +------2xx-----> accepted --L--> terminated      (2xx are resent by the dialog, RFC 3261 §13.3.1.4)
 *       +------hush----> silent --L--> terminated        (ours: nothing is said, copies are still absorbed)
 *
 * A client that has heard nothing yet sends its INVITE again by itself (§17.1.1.2, timer A), and gets the answer again: so a refusal without a 100 before it need not be resent, as one
 * without a transaction is not (§8.2.7). A forged address is thus sent no more than came from it.
 */
import {
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

export type InviteServerState =
  | 'proceeding'
  | 'completed'
  | 'confirmed'
  | 'accepted'
  | 'silent'
  | 'terminated';

export type InviteServerInput =
  /** A copy of the INVITE. */
  | 'invite'
  | 'ack'
  /** Answers of the transaction user: 1xx, 2xx, 300-699, none ever. */
  | 'provisional'
  | 'success'
  | 'refusal'
  /** A 300-699 that nothing was said before. */
  | 'only-answer'
  | 'hush'
  | 'send-failed'
  | 'timer-G'
  | 'timer-H'
  | 'timer-I'
  | 'timer-L';

type To = Step<InviteServerState>;

export const inviteServer: Machine<InviteServerState, InviteServerInput> = {
  start: { name: 'proceeding', resendMs: 0 },
  next,
};

function next(state: State<InviteServerState>, input: InviteServerInput, timing: Timing): To {
  switch (state.name) {
    case 'proceeding':
      return proceeding(state, input, timing);
    case 'completed':
      return completed(state, input, timing);
    case 'confirmed':
      return input === 'timer-I' ? enter('terminated') : stay(state);
    case 'accepted':
      return accepted(state, input);
    case 'silent':
      return input === 'timer-L' ? enter('terminated') : stay(state);
    case 'terminated':
      return stay(state);
    default:
      return state.name satisfies never;
  }
}

function proceeding(state: State<InviteServerState>, input: InviteServerInput, timing: Timing): To {
  switch (input) {
    case 'invite':
      return stay(state, resend);
    case 'provisional':
      return stay(state, send);
    case 'success':
      return enter('accepted', send, start('L', giveUpMs(timing)));
    case 'refusal': {
      const h = start('H', giveUpMs(timing));
      return timing.isReliable
        ? enter('completed', send, h)
        : resending('completed', 'G', timing.t1Ms, send, h);
    }
    case 'only-answer':
      return enter('completed', send, start('H', giveUpMs(timing)));
    case 'hush':
      return enter('silent', start('L', giveUpMs(timing)));
    case 'send-failed':
      return enter('terminated', tellUnsent);
    default:
      return stay(state);
  }
}

function completed(state: State<InviteServerState>, input: InviteServerInput, timing: Timing): To {
  switch (input) {
    case 'invite':
      return stay(state, resend);
    case 'timer-G': // The interval doubles up to T2.
      return resending('completed', 'G', Math.min(2 * state.resendMs, timing.t2Ms), resend);
    case 'ack':
      return enter(
        'confirmed',
        stop('G'),
        stop('H'),
        start('I', timing.isReliable ? 0 : timing.t4Ms),
      );
    case 'timer-H':
      return enter('terminated', stop('G'), tellTimeout);
    case 'send-failed':
      return enter('terminated', stop('G'), stop('H'), tellUnsent);
    default:
      return stay(state);
  }
}

function accepted(state: State<InviteServerState>, input: InviteServerInput): To {
  switch (input) {
    case 'success': // Each resend of the 2xx comes from the dialog. RFC 6026 §7.1.
      return stay(state, send);
    case 'ack': // An ACK of a 2xx that wrongly kept the branch of the INVITE.
      return stay(state, pass);
    case 'send-failed':
      return stay(state, tellUnsent);
    case 'timer-L':
      return enter('terminated');
    default:
      return stay(state); // A copy of the INVITE is absorbed: the dialog resends the 2xx.
  }
}
