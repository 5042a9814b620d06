/**
 * How busy the main process is, looked at once a second: new calls, its share of the cores and the delay of its event loop. The median of the delay is taken, not the
 * worst: one long turn, when something is loaded or memory is cleared, turns nobody away; a loop that is late at every turn does.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, Timer } from '../clock.ts';
import { residentBytes } from '../descriptors.ts';

const intervalMs = 1_000;
/** Each look at the loop wakes an idle process, so there are few: twenty a second, and what they are to find is admissionLimits.loopDelayMs. */
const resolutionMs = 50;

export class LoadMeter {
  readonly #clock: Clock;
  readonly #delays = monitorEventLoopDelay({ resolution: resolutionMs });
  #timer: Timer | null = null;
  #cpu = process.cpuUsage();
  #lookedAtMono: number;
  #coresUsed = 0;
  #loopDelayMs = 0;
  #calls = 0;
  #callsPerSecond = 0;
  #residentBytes = residentBytes();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedAtMono = clock.nowMono();
  }

  /** Cores used in the last second, such as 0.3. */
  get coresUsed(): number {
    return this.#coresUsed;
  }

  /** Memory of this process. */
  get residentBytes(): number {
    return this.#residentBytes;
  }

  /** New calls in the last second. */
  get callsPerSecond(): number {
    return this.#callsPerSecond;
  }

  /** A new call has come. */
  noteCall(): void {
    this.#calls += 1;
  }

  /** Half of the turns of the last second were later than this, ms. */
  get loopDelayMs(): number {
    return this.#loopDelayMs;
  }

  /** From now on: what it took to begin is no load, and turns nobody away. */
  start(): void {
    this.#cpu = process.cpuUsage();
    this.#lookedAtMono = this.#clock.nowMono();
    this.#delays.enable();
    this.#wait();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#delays.disable();
  }

  #wait(): void {
    this.#timer = this.#clock.after(intervalMs, () => {
      this.#look();
      this.#wait();
    });
  }

  #look(): void {
    const now = this.#clock.nowMono();
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#cpu = process.cpuUsage();
    this.#coresUsed = (user + system) / 1_000 / Math.max(1, now - this.#lookedAtMono);
    this.#lookedAtMono = now;
    // The histogram holds intervals between turns; what goes beyond the resolution is delay.
    this.#loopDelayMs = Math.max(0, this.#delays.percentile(50) / 1e6 - resolutionMs);
    this.#delays.reset();
    this.#callsPerSecond = this.#calls;
    this.#calls = 0;
    this.#residentBytes = residentBytes();
  }
}
