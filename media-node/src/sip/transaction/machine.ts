/**
 * What the four transaction machines have in common: they are tables. A table takes the state, what came in and the timing, and gives
 * the next state with what is to be done; it holds nothing and touches nothing. `transaction.ts` does what they say.
 */
import type { Timing } from './timing.ts';

/** Letters of RFC 3261 table 4 and of RFC 6026. */
export type TimerName = 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M';

export type Action =
  /** Send the message that came in from the transaction user, and keep it for resending. */
  | { readonly do: 'send' }
  /** Send the last message again. */
  | { readonly do: 'resend' }
  /** Answer a refusal with ACK, or answer a copy of it with the same ACK. RFC 3261 §17.1.1.3. */
  | { readonly do: 'acknowledge' }
  | { readonly do: 'start'; readonly timer: TimerName; readonly ms: number }
  | { readonly do: 'stop'; readonly timer: TimerName }
  /** Hand the message that came in to the transaction user. */
  | { readonly do: 'pass' }
  /** Tell the transaction user that the other side was not heard in time. */
  | { readonly do: 'tell-timeout' }
  /** Tell the transaction user that the transport cannot deliver. */
  | { readonly do: 'tell-unsent' };

export interface State<Name extends string> {
  readonly name: Name;
  /** The interval of the resend timer that runs, ms; 0 when none does. */
  readonly resendMs: number;
}

export interface Step<Name extends string> {
  readonly state: State<Name>;
  readonly actions: readonly Action[];
}

/** A table with the state it begins in. */
export interface Machine<Name extends string, Input extends string> {
  readonly start: State<Name>;
  next(state: State<Name>, input: Input, timing: Timing): Step<Name>;
}

export const send: Action = { do: 'send' };
export const resend: Action = { do: 'resend' };
export const acknowledge: Action = { do: 'acknowledge' };
export const pass: Action = { do: 'pass' };
export const tellTimeout: Action = { do: 'tell-timeout' };
export const tellUnsent: Action = { do: 'tell-unsent' };

export function start(timer: TimerName, ms: number): Action {
  return { do: 'start', timer, ms };
}

export function stop(timer: TimerName): Action {
  return { do: 'stop', timer };
}

/** Stays as it is and does `actions`; without any, the input is ignored. */
export function stay<Name extends string>(state: State<Name>, ...actions: Action[]): Step<Name> {
  return { state, actions };
}

/** Goes to another state, with no resend timer running there. */
export function enter<Name extends string>(name: Name, ...actions: Action[]): Step<Name> {
  return { state: { name, resendMs: 0 }, actions };
}

/** Goes to (or stays in) a state with a resend timer that is next due in `resendMs`. */
export function resending<Name extends string>(
  name: Name,
  timer: TimerName,
  resendMs: number,
  ...actions: Action[]
): Step<Name> {
  return { state: { name, resendMs }, actions: [...actions, start(timer, resendMs)] };
}
