/**
 * The one clock tick of a media process. Everything that is generated rather than passed on hangs on it (silence, tones, reports, watches),
 * so that a call needs no timer of its own. It runs while anybody listens, every 20 ms on a grid that does not drift; after a stall
 * it goes on from now instead of catching up.
 */
import type { Clock, Timer } from '../clock.ts';
import { lateTickBoundsMs, noFigures } from './media-figures.ts';

/** One packet's time of every codec we speak, ms. */
export const tickMs = 20;

const ticksPerSecond = 1_000 / tickMs;

/** Called with ms on the monotonic clock. */
export type TickListener = (nowMono: number) => void;

export class MediaTick {
  readonly #clock: Clock;
  readonly #fast = new Set<TickListener>();
  readonly #slow = new Set<TickListener>();
  /** Counted by lateness, see media-figures.ts. */
  readonly #late = [...noFigures.lateTicks];
  #timer: Timer | null = null;
  #dueAtMono = 0;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ticks since the start by how late they came, as MediaFigures has them. */
  get lateTicks(): readonly number[] {
    return this.#late;
  }

  /** Calls `listener` every 20 ms. @returns stops it */
  everyTick(listener: TickListener): () => void {
    return this.#add(this.#fast, listener);
  }

  /** Calls `listener` every second. @returns stops it */
  everySecond(listener: TickListener): () => void {
    return this.#add(this.#slow, listener);
  }

  #add(listeners: Set<TickListener>, listener: TickListener): () => void {
    listeners.add(listener);
    if (this.#timer === null) {
      this.#dueAtMono = this.#clock.nowMono() + tickMs;
      this.#arm();
    }
    return () => {
      listeners.delete(listener);
      if (this.#fast.size + this.#slow.size > 0) return;
      this.#timer?.cancel();
      this.#timer = null;
    };
  }

  #arm(): void {
    const waitMs = Math.max(0, this.#dueAtMono - this.#clock.nowMono());
    this.#timer = this.#clock.after(waitMs, () => this.#fire());
  }

  #fire(): void {
    const now = this.#clock.nowMono();
    this.#countLateness(now - this.#dueAtMono);
    this.#dueAtMono = Math.max(this.#dueAtMono + tickMs, now);
    this.#arm();
    this.#count++;
    for (const listener of this.#fast) listener(now);
    if (this.#count % ticksPerSecond !== 0) return;
    for (const listener of this.#slow) listener(now);
  }
  #countLateness(lateMs: number): void {
    let bound = 0;
    while (bound < lateTickBoundsMs.length && lateMs > (lateTickBoundsMs[bound] ?? 0)) bound++;
    this.#late[bound] = (this.#late[bound] ?? 0) + 1;
  }
}
