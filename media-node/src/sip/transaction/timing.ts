/** Timers of transactions (RFC 3261 §17.1.1.1 and table 4): which run, and how long, by what carries the messages. */
import { sipTimers } from '@callgate/shared/limits.ts';

export interface Timing {
  readonly t1Ms: number;
  readonly t2Ms: number;
  readonly t4Ms: number;
  /** TCP and TLS deliver: nothing is resent and nobody waits for stray copies. */
  readonly isReliable: boolean;
}

/** The times of the standard for a transport. */
export function standardTiming(isReliable: boolean): Timing {
  return { ...sipTimers, isReliable };
}

/** 64*T1: how long the other side is given to be heard at all (timers B, F, H, L, M, J). */
export function giveUpMs({ t1Ms }: Timing): number {
  return 64 * t1Ms;
}
