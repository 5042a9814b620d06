/**
 * Time as a port: instants on a monotonic clock and timers. Everything that waits takes a Clock, so that tests step time instead of
 * sleeping; nothing outside this file calls setTimeout or performance.now.
 */

/** A timer that has not fired yet. */
export interface Timer {
  /** Stops it; does nothing when it has fired. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds on a clock that never jumps; the origin means nothing. */
  nowMono(): number;
  /** Milliseconds since epoch, for people and records. */
  nowWall(): number;
  /** Calls `fire` once after `delayMs`, unless cancelled. */
  after(delayMs: number, fire: () => void): Timer;
}

/** The process's own time. Its timers keep the process alive until they fire or are cancelled. */
export const systemClock: Clock = {
  nowMono: () => performance.now(),
  nowWall: () => Date.now(),
  after(delayMs, fire) {
    const handle = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};
