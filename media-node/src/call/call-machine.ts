/**
 * The life of one call as a pure function: `next(state, event) -> { state, effects }`. No I/O, no clock; time arrives
 * as events. call.ts performs the effects and owns every resource. Read it beside the picture:
 *
 *   deciding ──join──▶ opening ──port──▶ joining ──joined──▶ ringing ──audible──▶ answered ──ACK──▶ up
 *      │                  │                 │                   │                     │              │
 *      └── challenge, refuse, drop, CANCEL, room gone, timers ──┴── final answer      └──── BYE ─────┴──▶ ended
 *
 * A rule with a PIN leads through pin-flow.ts instead: answered first, then asked.
 *
 * `opening` to `ringing` the phone rings (180 went out as soon as the edge had authorised the call). The 200 waits until another
 * participant can be heard: audible silence costs callers. In `ended` nothing but late arrivals of resources matters.
 */
import type { OutcomeReason } from '@callgate/shared/call/outcome.ts';
import type {
  ChallengeDecision,
  Decision,
  JoinDecision,
} from '@callgate/shared/contract/decision.ts';
import { callLimits } from '@callgate/shared/limits.ts';
import type { MediaEvent, SoundName } from '../media/media-session.ts';
import { askForPin, isPinState, nextPinStep, type PinState } from './pin-flow.ts';
import { callerBye, end, hangUp, refuse, refuseInRoom, stay } from './steps.ts';

export type CallState =
  /** The edge has been asked. */
  | { readonly name: 'deciding' }
  /** Authorised and ringing; the RTP port is being bound. */
  | { readonly name: 'opening'; readonly decision: JoinDecision }
  /** The room is being joined. */
  | { readonly name: 'joining'; readonly decision: JoinDecision }
  /** In the room; nobody there can be heard yet. */
  | { readonly name: 'ringing'; readonly decision: JoinDecision }
  /** 200 is out, its ACK is not in. */
  | { readonly name: 'answered'; readonly decision: JoinDecision; readonly isActive: boolean }
  /** `isActive`: the room has been told that the phone speaks, or that it had its moment to. */
  | { readonly name: 'up'; readonly decision: JoinDecision; readonly isActive: boolean }
  /** Behind a rule with a PIN: pin-flow.ts. */
  | PinState
  | { readonly name: 'ended'; readonly reason: OutcomeReason };

/** What the SDP offer of the INVITE came to under the decision's media policy. */
export type Negotiation =
  | { readonly kind: 'agreed' }
  | { readonly kind: 'refused'; readonly reason: OutcomeReason; readonly explanation: string };

export type CallTimer = 'ringing' | 'duration' | 'digit' | 'pin' | 'bridge' | 'transferred';

export type CallEvent =
  | { readonly kind: 'decided'; readonly decision: Decision; readonly negotiation: Negotiation }
  | {
      readonly kind: 'part-failed';
      readonly reason: OutcomeReason;
      readonly explanation: string;
    }
  | { readonly kind: 'media-opened' }
  | { readonly kind: 'media'; readonly event: MediaEvent }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'ack-missing' }
  /** `isTransferred`: the caller had agreed to a transfer. */
  | { readonly kind: 'caller-bye'; readonly isTransferred?: boolean }
  /** The application ends the call. */
  | { readonly kind: 'application-hang-up' }
  /** The call that the caller was sent to was answered. */
  | { readonly kind: 'transferred' }
  | { readonly kind: 'transport-failed' }
  /** Nobody refreshed the SIP session in time (RFC 4028 §10). */
  | { readonly kind: 'session-expired' }
  | { readonly kind: 'timer'; readonly timer: CallTimer }
  /** The node ends all its calls. */
  | { readonly kind: 'stopped' };

/** What call.ts has to do, in this order. */
export type CallEffect =
  | { readonly do: 'ring' }
  | { readonly do: 'open-media' }
  /** Let the caller hear this before the answer: 183 with our description. */
  | { readonly do: 'early-media'; readonly sound: SoundName }
  | { readonly do: 'join' }
  | { readonly do: 'answer' }
  | { readonly do: 'set-status'; readonly status: 'active' | 'hangup' }
  | { readonly do: 'play'; readonly sound: SoundName }
  | { readonly do: 'stop-sound' }
  | { readonly do: 'check-pin'; readonly ticket: string; readonly digits: string }
  | { readonly do: 'start-timer'; readonly timer: CallTimer; readonly ms: number }
  | { readonly do: 'stop-timer'; readonly timer: CallTimer }
  | { readonly do: 'challenge'; readonly decision: ChallengeDecision }
  | { readonly do: 'refuse'; readonly reason: OutcomeReason; readonly explanation: string }
  | { readonly do: 'drop' }
  | { readonly do: 'bye'; readonly reason: OutcomeReason }
  /** Free everything and write the record. Always the last effect of a call; once. */
  | { readonly do: 'finish'; readonly reason: OutcomeReason };

export interface Step {
  readonly state: CallState;
  readonly effects: readonly CallEffect[];
}

/** Where every call starts: the INVITE is in, 100 is out, the edge is being asked. */
export const initialState: CallState = { name: 'deciding' };

/** One step of the machine. Events that mean nothing in a state leave it as it is, without effects. */
export function next(state: CallState, event: CallEvent): Step {
  if (isPinState(state)) return nextPinStep(state, event);
  switch (state.name) {
    case 'deciding':
      return whileDeciding(state, event);
    case 'opening':
    case 'joining':
    case 'ringing':
      return whileRinging(state, event);
    case 'answered':
    case 'up':
      return whileAnswered(state, event);
    case 'ended':
      return stay(state);
    default:
      return state satisfies never;
  }
}

function whileDeciding(state: CallState, event: CallEvent): Step {
  switch (event.kind) {
    case 'decided':
      return obey(event.decision, event.negotiation);
    case 'part-failed':
      return refuse(event.reason, event.explanation);
    case 'cancelled':
      return refuse('caller-cancelled', 'The caller gave up while the edge was being asked.');
    case 'transport-failed':
      return end('caller-unreachable');
    case 'application-hang-up':
      return refuse('application-hung-up', 'The application ended the call before it was let in.');
    case 'stopped':
      return refuse('node-stopped', 'The node stopped while the edge was being asked.');
    default:
      return stay(state);
  }
}

function obey(decision: Decision, negotiation: Negotiation): Step {
  switch (decision.kind) {
    case 'join':
      if (negotiation.kind === 'refused')
        return refuse(negotiation.reason, negotiation.explanation);
      return {
        state: { name: 'opening', decision },
        effects: [
          { do: 'ring' },
          { do: 'start-timer', timer: 'ringing', ms: decision.limits.ringing_timeout_ms },
          { do: 'open-media' },
        ],
      };
    case 'challenge':
      return end(decision.reason, { do: 'challenge', decision });
    case 'refuse':
      return refuse(decision.reason, decision.explanation);
    case 'drop':
      return end(decision.reason, { do: 'drop' });
    case 'ask-pin':
      if (negotiation.kind === 'refused')
        return refuse(negotiation.reason, negotiation.explanation);
      return askForPin(decision);
    default:
      return decision satisfies never;
  }
}

type Ringing = Extract<CallState, { name: 'opening' | 'joining' | 'ringing' }>;

function whileRinging(state: Ringing, event: CallEvent): Step {
  switch (event.kind) {
    case 'media-opened':
      if (state.name !== 'opening') return stay(state);
      return {
        state: { ...state, name: 'joining' },
        effects: [{ do: 'join' }, ...earlyMedia(state.decision)],
      };
    case 'media':
      return mediaWhileRinging(state, event.event);
    case 'part-failed':
      return refuseInRoom(event.reason, event.explanation);
    case 'cancelled':
      return refuseInRoom('caller-cancelled', 'The caller gave up while the phone rang.');
    case 'ack-missing':
      return refuseInRoom(
        'ack-missing',
        'The caller required answers that arrive and sent no PRACK.',
      );
    case 'timer':
      if (event.timer !== 'ringing') return stay(state);
      return refuseInRoom('ringing-timeout', 'Nobody published a track in the room in time.');
    case 'transport-failed':
      return end('caller-unreachable');
    case 'application-hang-up':
      return refuseInRoom(
        'application-hung-up',
        'The application ended the call while the phone rang.',
      );
    case 'stopped':
      return refuseInRoom('node-stopped', 'The node stopped while the phone rang.');
    default:
      return stay(state);
  }
}

function mediaWhileRinging(state: Ringing, event: MediaEvent): Step {
  switch (event.kind) {
    case 'joined':
      return { state: { ...state, name: 'ringing' }, effects: [] };
    case 'audible':
      return {
        state: { name: 'answered', decision: state.decision, isActive: false },
        effects: [
          { do: 'stop-timer', timer: 'ringing' },
          { do: 'answer' },
          ...(earlyMedia(state.decision).length > 0 ? [{ do: 'stop-sound' } as const] : []),
          { do: 'start-timer', timer: 'bridge', ms: callLimits.bridgeMs },
          { do: 'start-timer', timer: 'duration', ms: state.decision.limits.max_call_duration_ms },
        ],
      };
    case 'room-ended':
      return refuse(event.reason, 'The room went away while the phone rang.');
    default:
      return stay(state);
  }
}

/** What the caller hears from us while it waits; ringing is the phone's own business unless the trunk or the rule says otherwise. */
function earlyMedia({ media }: JoinDecision): CallEffect[] {
  const sound = media.sounds?.early_media ?? 'none';
  return sound === 'none' ? [] : [{ do: 'early-media', sound }];
}

type Answered = Extract<CallState, { name: 'answered' | 'up' }>;

function whileAnswered(state: Answered, event: CallEvent): Step {
  switch (event.kind) {
    case 'acknowledged':
      return { state: { ...state, name: 'up' }, effects: [] };
    case 'caller-bye':
      return callerBye(event);
    case 'application-hang-up':
      return hangUp('application-hung-up');
    case 'transferred':
      // A caller who was transferred hangs up by itself; one that does not is helped.
      return {
        state,
        effects: [{ do: 'start-timer', timer: 'transferred', ms: callLimits.transferredByeMs }],
      };
    case 'ack-missing':
      return hangUp('ack-missing');
    case 'session-expired':
      return hangUp('session-expired');
    case 'transport-failed':
      return hangUp('caller-unreachable');
    case 'part-failed':
      return hangUp(event.reason);
    case 'timer':
      if (event.timer === 'bridge') return activate(state);
      if (event.timer === 'transferred') return hangUp('transferred');
      return event.timer === 'duration' ? hangUp('max-duration') : stay(state);
    case 'stopped':
      return hangUp('node-stopped');
    case 'media':
      if (event.event.kind === 'silent') return hangUp('media-silent');
      if (event.event.kind === 'first-audio' && event.event.direction === 'from-phone')
        return activate(state);
      if (event.event.kind === 'room-ended') {
        return end(event.event.reason, { do: 'bye', reason: event.event.reason });
      }
      return stay(state);
    // A CANCEL that crosses our 200 has no effect: the caller sends BYE. RFC 3261 §9.1.
    default:
      return stay(state);
  }
}

/** The room hears that the call is active when the phone's first packet is there, or a moment after the answer when none comes. */
function activate(state: Answered): Step {
  if (state.isActive) return stay(state);
  return {
    state: { ...state, isActive: true },
    effects: [
      { do: 'stop-timer', timer: 'bridge' },
      { do: 'set-status', status: 'active' },
    ],
  };
}
