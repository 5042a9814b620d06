/**
 * The edge's clock, injected wherever time decides something, so that tests set it. Workers freeze it between I/O: it tells
 * ages in seconds, never how long our own code took.
 */
export interface Clock {
  /** Wall clock, ms since epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
