/** A clock for tests: time stands still until `advance` moves it, and timers fire in order of their instant. */
import type { Clock, Timer } from './clock.ts';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

export class FakeClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();
  readonly #epochMs: number;

  /** @param epochMs wall-clock time at monotonic 0, ms since epoch. */
  constructor(epochMs = 1_795_000_000_000) {
    this.#epochMs = epochMs;
  }

  nowMono(): number {
    return this.#now;
  }

  nowWall(): number {
    return this.#epochMs + this.#now;
  }

  after(delayMs: number, fire: () => void): Timer {
    const entry: Pending = { at: this.#now + Math.max(0, delayMs), order: this.#order++, fire };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** Timers that have neither fired nor been cancelled. A test that ends with one has found a leak. */
  get pending(): number {
    return this.#pending.size;
  }

  /** What a listener that blocks the process for `ms` does: time goes on, and what falls due meanwhile fires late. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** Moves time on by `ms`, firing what falls due on the way at its own instant. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#pending]
        .filter((entry) => entry.at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
    }
    this.#now = Math.max(this.#now, end);
  }
}
