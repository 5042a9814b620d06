/** The timers of one call, one of each name, freed together. */
import type { Clock, Timer } from '../clock.ts';
import type { CallTimer } from './call-machine.ts';

export class CallTimers {
  readonly #clock: Clock;
  readonly #onTimer: (timer: CallTimer) => void;
  readonly #timers = new Map<CallTimer, Timer>();

  constructor(clock: Clock, onTimer: (timer: CallTimer) => void) {
    this.#clock = clock;
    this.#onTimer = onTimer;
  }

  /** Starts it anew when it runs. */
  start(timer: CallTimer, ms: number): void {
    this.stop(timer);
    this.#timers.set(
      timer,
      this.#clock.after(ms, () => this.#onTimer(timer)),
    );
  }

  stop(timer: CallTimer): void {
    this.#timers.get(timer)?.cancel();
    this.#timers.delete(timer);
  }

  stopAll(): void {
    for (const timer of [...this.#timers.keys()]) this.stop(timer);
  }
}
