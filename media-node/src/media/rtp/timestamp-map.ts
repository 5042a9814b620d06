/**
 * Carries RTP timestamps of one clock over to another, so that what left a source 20 ms apart leaves us 20 ms apart: the listener's own
 * jitter buffer sees the source's time, not ours. When the source begins anew (another SSRC, a jump of its timestamps) the outgoing time goes on by
 * as much as really passed. Pure; time is handed in.
 */
import { timestampDistance } from './sequence.ts';

export interface TimestampMapOptions {
  readonly inputClockHz: number;
  readonly outputClockHz: number;
  /** First outgoing timestamp, 32 bit. */
  readonly start: number;
}

/** The source's time may run ahead of ours by this much (a burst after a stall never does), ms. */
const aheadMaxMs = 500;
/** And fall behind by this much before we take it for stopped and started again, ms. */
const behindMaxMs = 3_000;

export class TimestampMap {
  #inputClockHz: number;
  readonly #outputClockHz: number;
  /** Where the present stretch of the source began, and the newest packet of it. */
  #anchorOutput: number;
  #ticksSinceAnchor = 0;
  #input: number | null = null;
  #seenAtMono: number | null = null;

  constructor({ inputClockHz, outputClockHz, start }: TimestampMapOptions) {
    this.#inputClockHz = inputClockHz;
    this.#outputClockHz = outputClockHz;
    this.#anchorOutput = start >>> 0;
  }

  /**
   * The outgoing timestamp of a packet that is newer than all before it.
   * @param arrivedAtMono ms on the monotonic clock
   */
  forward(timestamp: number, arrivedAtMono: number): number {
    const elapsedMs = this.#seenAtMono === null ? 0 : arrivedAtMono - this.#seenAtMono;
    const aheadTicks = this.#input === null ? null : timestampDistance(this.#input, timestamp);
    if (aheadTicks !== null && !this.#isJump(aheadTicks, elapsedMs)) {
      this.#ticksSinceAnchor += aheadTicks;
    } else if (this.#seenAtMono !== null) {
      const passedMs = Math.max(elapsedMs, leastStepMs);
      this.shiftTo(this.#newest() + Math.round((passedMs * this.#outputClockHz) / 1_000));
    }
    this.#input = timestamp;
    this.#seenAtMono = arrivedAtMono;
    return this.#newest();
  }

  /** The outgoing timestamp of a packet that was overtaken; null: it does not belong to this stretch of the stream. */
  late(timestamp: number): number | null {
    if (this.#input === null) return null;
    const behindTicks = timestampDistance(timestamp, this.#input);
    if (behindTicks <= 0 || behindTicks > this.#ticksSinceAnchor) return null;
    return (this.#newest() - Math.round(behindTicks * this.#ratio())) >>> 0;
  }

  /** The next packet belongs to another stream, with a clock of its own: its timestamps say nothing about those before. */
  restart(inputClockHz: number): void {
    this.shiftTo(this.#newest());
    this.#inputClockHz = inputClockHz;
    this.#input = null;
  }

  /** Moves the outgoing time of the newest packet to `timestamp`; what follows keeps its distance to it. */
  shiftTo(timestamp: number): void {
    this.#anchorOutput = timestamp >>> 0;
    this.#ticksSinceAnchor = 0;
  }

  #newest(): number {
    return (this.#anchorOutput + Math.round(this.#ticksSinceAnchor * this.#ratio())) >>> 0;
  }

  #ratio(): number {
    return this.#outputClockHz / this.#inputClockHz;
  }

  #isJump(aheadTicks: number, elapsedMs: number): boolean {
    const aheadMs = (aheadTicks / this.#inputClockHz) * 1_000;
    return aheadTicks <= 0 || aheadMs - elapsedMs > aheadMaxMs || elapsedMs - aheadMs > behindMaxMs;
  }
}

/** Between the last packet before a jump and the first after it: one frame at least, ms. */
const leastStepMs = 20;
