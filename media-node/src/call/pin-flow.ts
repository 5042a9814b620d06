/**
 * The part of a call's life behind a rule with a PIN, as a pure function like the rest of the call machine:
 *
 *   pin-opening ──port──▶ pin-answered ──ACK──▶ pin-asking ◀──again──┐
 *        │                     │                    │ #              │
 *        └─ final answer       └──── BYE ────┐   pin-checking ──▶ pin-wrong ──played──▶ BYE
 *                                            │      │ right
 *                                            └── entering ──audible──▶ up
 *
 * The phone is answered first, because digits need an answered call. The prompt starts when the ACK is in, so that its first word is not
 * lost; a digit interrupts it. Sixteen digits at most, closed by `#`; so long between two digits, so long in all. The edge judges; it
 * also says how many attempts are left. "Entering room now." plays while the room is joined, then ringback until another
 * participant can be heard.
 */
import type { AskPinDecision, Decision, JoinDecision } from '@callgate/shared/contract/decision.ts';
import { pinLimits } from '@callgate/shared/limits.ts';
import type { CallEffect, CallEvent, Step } from './call-machine.ts';
import { callerBye, end, hangUp, refuse, stay } from './steps.ts';

export type PinState =
  | { readonly name: 'pin-opening'; readonly ask: AskPinDecision }
  | { readonly name: 'pin-answered'; readonly ask: AskPinDecision }
  /** Prompting and collecting; digits typed so far. */
  | { readonly name: 'pin-asking'; readonly ask: AskPinDecision; readonly digits: string }
  /** Digits are at the edge. */
  | { readonly name: 'pin-checking'; readonly ask: AskPinDecision }
  /** "No room matched": then asked again with `again`, or hung up when it is null. */
  | { readonly name: 'pin-wrong'; readonly again: AskPinDecision | null }
  /** The PIN was right: "Entering room now." plays to its end while the room is joined; then ringback until somebody can be heard. */
  | {
      readonly name: 'entering';
      readonly decision: JoinDecision;
      readonly isSpoken: boolean;
      readonly isAudible: boolean;
    };

const pinStateNames: ReadonlySet<string> = new Set<PinState['name']>([
  'pin-opening',
  'pin-answered',
  'pin-asking',
  'pin-checking',
  'pin-wrong',
  'entering',
]);

/** True for the states of this file. */
export function isPinState(state: { readonly name: string }): state is PinState {
  return pinStateNames.has(state.name);
}

/** The first step: the edge wants a PIN. */
export function askForPin(ask: AskPinDecision): Step {
  return { state: { name: 'pin-opening', ask }, effects: [{ do: 'ring' }, { do: 'open-media' }] };
}

/** One step behind the PIN. Events that mean nothing in a state leave it as it is. */
export function nextPinStep(state: PinState, event: CallEvent): Step {
  return state.name === 'pin-opening' ? whileOpening(state, event) : whileAnswered(state, event);
}

function whileOpening(state: Extract<PinState, { name: 'pin-opening' }>, event: CallEvent): Step {
  switch (event.kind) {
    case 'media-opened':
      return {
        state: { name: 'pin-answered', ask: state.ask },
        effects: [{ do: 'answer' }, startTimer('duration', state.ask.limits.max_call_duration_ms)],
      };
    case 'part-failed':
      return refuse(event.reason, event.explanation);
    case 'cancelled':
      return refuse('caller-cancelled', 'The caller gave up before the PIN was asked.');
    case 'ack-missing':
      return refuse('ack-missing', 'The caller required answers that arrive and sent no PRACK.');
    case 'transport-failed':
      return end('caller-unreachable');
    case 'application-hang-up':
      return refuse(
        'application-hung-up',
        'The application ended the call before the PIN was asked.',
      );
    case 'stopped':
      return refuse('node-stopped', 'The node stopped before the PIN was asked.');
    default:
      return { state, effects: [] };
  }
}

type Answered = Exclude<PinState, { name: 'pin-opening' }>;

function whileAnswered(state: Answered, event: CallEvent): Step {
  switch (event.kind) {
    case 'acknowledged':
      return state.name === 'pin-answered' ? prompt(state.ask) : stay(state);
    case 'decided':
      return state.name === 'pin-checking' ? judge(event.decision) : stay(state);
    case 'media':
      return whileMedia(state, event.event);
    case 'timer':
      if (event.timer === 'duration') return hangUp('max-duration');
      if (event.timer === 'ringing' && state.name === 'entering') return hangUp('ringing-timeout');
      if ((event.timer === 'pin' || event.timer === 'digit') && state.name === 'pin-asking') {
        return hangUp('pin-timeout');
      }
      return stay(state);
    case 'caller-bye':
      return callerBye(event);
    case 'application-hang-up':
      return hangUp('application-hung-up');
    case 'ack-missing':
      return hangUp('ack-missing');
    case 'session-expired':
      return hangUp('session-expired');
    case 'part-failed':
      return hangUp(event.reason);
    case 'transport-failed':
      return hangUp('caller-unreachable');
    case 'stopped':
      return hangUp('node-stopped');
    default:
      return stay(state);
  }
}

function whileMedia(state: Answered, event: Extract<CallEvent, { kind: 'media' }>['event']): Step {
  switch (event.kind) {
    case 'digit':
      return whileDigit(state, event.digit);
    case 'played':
      return whenPlayed(state);
    case 'joined':
      return { state, effects: [{ do: 'set-status', status: 'active' }] };
    case 'audible':
      return state.name === 'entering' ? enter({ ...state, isAudible: true }) : stay(state);
    case 'silent':
      return hangUp('media-silent');
    case 'room-ended':
      return end(event.reason, { do: 'bye', reason: event.reason });
    default:
      return stay(state);
  }
}

/** Plays the prompt and starts to collect; both timers start with it. */
function prompt(ask: AskPinDecision): Step {
  return {
    state: { name: 'pin-asking', ask, digits: '' },
    effects: [{ do: 'play', sound: 'enter-pin' }, startTimer('pin', pinLimits.attemptMs)],
  };
}

/** Who knows the PIN does not wait for "No room matched" to end: a digit there begins the next attempt. */
function whileDigit(state: Answered, digit: string): Step {
  if (state.name === 'pin-asking') return collect(state, digit);
  if (state.name !== 'pin-wrong' || state.again === null) return stay(state);
  const first = collect({ name: 'pin-asking', ask: state.again, digits: '' }, digit);
  return { ...first, effects: [startTimer('pin', pinLimits.attemptMs), ...first.effects] };
}

/** In the room for good when its word has been spoken and somebody can be heard; else ringback, or the rest of the word. */
function enter(state: Extract<PinState, { name: 'entering' }>): Step {
  const heard: CallEffect[] = state.isAudible ? [{ do: 'stop-timer', timer: 'ringing' }] : [];
  if (!state.isSpoken) return { state, effects: heard };
  if (!state.isAudible) {
    const wanted = state.decision.media.sounds?.early_media;
    return { state, effects: [{ do: 'play', sound: wanted === 'music' ? 'music' : 'ringback' }] };
  }
  return {
    state: { name: 'up', decision: state.decision, isActive: true },
    effects: [...heard, { do: 'stop-sound' }],
  };
}

function collect(state: Extract<PinState, { name: 'pin-asking' }>, digit: string): Step {
  if (digit === '#') return check(state.ask, state.digits);
  const digits = state.digits + digit;
  // One more than any PIN may have: no need to wait for `#`, it cannot be right.
  if (digits.length > pinLimits.digitsMax) return wrong(null, 'stop-timers');
  return {
    state: { ...state, digits },
    effects: [{ do: 'stop-sound' }, startTimer('digit', pinLimits.betweenDigitsMs)],
  };
}

function check(ask: AskPinDecision, digits: string): Step {
  return {
    state: { name: 'pin-checking', ask },
    effects: [
      { do: 'stop-sound' },
      { do: 'stop-timer', timer: 'digit' },
      { do: 'stop-timer', timer: 'pin' },
      { do: 'check-pin', ticket: ask.ticket, digits },
    ],
  };
}

function judge(decision: Decision): Step {
  switch (decision.kind) {
    case 'join':
      return {
        state: { name: 'entering', decision, isSpoken: false, isAudible: false },
        effects: [
          { do: 'play', sound: 'entering-room' },
          startTimer('ringing', decision.limits.ringing_timeout_ms),
          { do: 'join' },
        ],
      };
    case 'ask-pin':
      return wrong(decision.attempts_left > 0 ? decision : null);
    case 'refuse':
      return decision.reason === 'wrong-pin' ? wrong(null) : hangUp(decision.reason);
    case 'challenge':
    case 'drop':
      return hangUp(decision.reason);
    default:
      return decision satisfies never;
  }
}

function wrong(again: AskPinDecision | null, timers?: 'stop-timers'): Step {
  const stops: CallEffect[] =
    timers === undefined
      ? []
      : [
          { do: 'stop-timer', timer: 'digit' },
          { do: 'stop-timer', timer: 'pin' },
        ];
  return {
    state: { name: 'pin-wrong', again },
    effects: [...stops, { do: 'play', sound: 'wrong-pin' }],
  };
}

function whenPlayed(state: Answered): Step {
  switch (state.name) {
    case 'pin-asking':
      // The prompt is over: from now on silence counts.
      return { state, effects: [startTimer('digit', pinLimits.betweenDigitsMs)] };
    case 'pin-wrong':
      return state.again === null ? hangUp('wrong-pin') : prompt(state.again);
    case 'entering':
      return enter({ ...state, isSpoken: true });
    default:
      return stay(state);
  }
}

function startTimer(timer: 'ringing' | 'duration' | 'digit' | 'pin', ms: number): CallEffect {
  return { do: 'start-timer', timer, ms };
}
