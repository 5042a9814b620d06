/**
 * The edge's clock, injected wherever time decides something, so that tests set it. Workers freeze it between I/O: it tells
 * ages in seconds, never how long our own code took.
 */
export interface Clock {
  /** Wall clock, ms since epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Calls `fire` once after `delayMs`, while something keeps the object awake. @returns what cancels it */
export function after(delayMs: number, fire: () => void): () => void {
  const handle = setTimeout(fire, delayMs);
  return () => clearTimeout(handle);
}
