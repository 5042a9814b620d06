/**
 * The drain of a node: no new calls; those that are up go on until they end or the deadline comes, and then end with BYE. It can be taken back
 * until it is over.
 */
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../ops/log.ts';

/** What of the calls a drain needs. */
export interface DrainedCalls {
  readonly size: number;
  /** Calls `fire` each time the last call has ended. */
  onIdle(fire: () => void): void;
  /** Ends every call with BYE, or a refusal. */
  endAll(): void;
}

export interface DrainOrder {
  readonly deadlineMs: number;
  /** Whether the process ends when the drain is over. */
  readonly exit: boolean;
  /** The machine wants it (SIGTERM) and kills what is there when its patience is over: nobody takes it back, or gives it longer. */
  readonly isFinal?: boolean;
}

export class Drain {
  readonly #calls: DrainedCalls;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onExit: () => void;
  #order: DrainOrder | null = null;
  #deadline: Timer | null = null;
  /** Monotonic ms. */
  #endsAtMono = 0;
  #isOver = false;

  /** @param onExit called once, when a drain that ends the process is over */
  constructor(parts: { calls: DrainedCalls; clock: Clock; log: Log; onExit: () => void }) {
    this.#calls = parts.calls;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#onExit = parts.onExit;
    parts.calls.onIdle(() => this.#whenIdle());
  }

  get isDraining(): boolean {
    return this.#order !== null;
  }

  /** Begins, or goes on with another deadline. */
  begin(wanted: DrainOrder): void {
    this.#deadline?.cancel();
    const now = this.#clock.nowMono();
    const order = this.#isFinal && wanted.isFinal !== true ? this.#sooner(wanted, now) : wanted;
    this.#order = order;
    this.#endsAtMono = now + order.deadlineMs;
    this.#log('info', 'draining', { calls: this.#calls.size, deadline_ms: order.deadlineMs });
    if (this.#calls.size === 0) return this.#whenIdle();
    this.#deadline = this.#clock.after(order.deadlineMs, () => {
      this.#deadline = null;
      this.#log('warn', 'drain-deadline', { calls: this.#calls.size });
      this.#calls.endAll();
    });
  }

  /** Takes calls again. false: the process ends. */
  undo(): boolean {
    if (this.#isOver || this.#isFinal) return false;
    if (this.#order !== null) this.#log('info', 'accepting-again');
    this.stop();
    this.#order = null;
    return true;
  }

  /** Frees the timer. */
  stop(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  get #isFinal(): boolean {
    return this.#order?.isFinal === true;
  }

  #sooner({ deadlineMs }: DrainOrder, now: number): DrainOrder {
    const leftMs = Math.max(0, this.#endsAtMono - now);
    return { deadlineMs: Math.min(deadlineMs, leftMs), exit: true, isFinal: true };
  }

  #whenIdle(): void {
    if (this.#order === null || this.#isOver) return;
    this.stop();
    this.#log('info', 'drained', { exit: this.#order.exit });
    if (!this.#order.exit) return;
    this.#isOver = true;
    this.#onExit();
  }
}
