/**
 * Digits toward the phone as telephone events (RFC 4733 §2.5.1): one event after the other, an update with each packet time, the end
 * three times, a pause between them. It is driven by the tick and keeps no time of its own. Pure.
 */
import { mediaLimits } from '@callgate/shared/limits.ts';

/** Takes one event packet. `isFirst` starts a new event: its timestamp is taken then and kept for all packets of it. */
export type EventTaker = (payload: Uint8Array, isFirst: boolean) => void;

/** Longer than the 40 ms that every detector takes, short enough for a number to be dialled in a few seconds, ms. */
const digitMs = 160;
/** Between digits, ms. */
const gapMs = 100;
/** A `w` in the digits, as LiveKit has it, ms. */
const waitMs = 500;
/** The end is sent three times, so that its loss is unlikely. RFC 4733 §2.5.1.4. */
const endPackets = 3;
/** -dBm0, as most phones send. */
const volume = 10;

const events = '0123456789*#ABCD';

type Step =
  | { readonly kind: 'digit'; readonly event: number; elapsedMs: number; ends: number }
  | { readonly kind: 'pause'; leftMs: number };

export class TelephoneEventSender {
  /** Unit of durations, Hz. */
  #clockRateHz: number;
  readonly #steps: Step[] = [];
  readonly #payload = new Uint8Array(4);

  constructor(clockRateHz: number) {
    this.#clockRateHz = clockRateHz;
  }

  /** Goes on in another stream. A digit that was begun is over: the phone has heard it, and would hear it again. */
  restart(clockRateHz: number): void {
    this.#clockRateHz = clockRateHz;
    const step = this.#steps[0];
    if (step?.kind === 'digit' && step.elapsedMs > 0) this.#steps.shift();
  }

  /** Queues digits (0-9, *, #, A-D in either case) and pauses (w). @returns false: one of them is unknown or the queue is full */
  queue(digits: string): boolean {
    const steps: Step[] = [];
    for (const digit of digits.toUpperCase()) {
      const event = events.indexOf(digit);
      if (digit === 'W') steps.push({ kind: 'pause', leftMs: waitMs });
      else if (event < 0) return false;
      else {
        steps.push({ kind: 'digit', event, elapsedMs: 0, ends: 0 });
        steps.push({ kind: 'pause', leftMs: gapMs });
      }
    }
    if (this.#steps.length + steps.length > mediaLimits.digitStepsMax) return false;
    this.#steps.push(...steps);
    return true;
  }

  /** Lets `ms` pass and sends what is due, one packet at most. */
  tick(ms: number, take: EventTaker): void {
    const step = this.#steps[0];
    if (step === undefined) return;
    if (step.kind === 'pause') {
      step.leftMs -= ms;
      if (step.leftMs <= 0) this.#steps.shift();
      return;
    }
    const isFirst = step.elapsedMs === 0;
    step.elapsedMs = Math.min(digitMs, step.elapsedMs + ms);
    const isEnd = step.elapsedMs === digitMs;
    const duration = Math.round((step.elapsedMs * this.#clockRateHz) / 1_000);
    this.#payload[0] = step.event;
    this.#payload[1] = (isEnd ? 0x80 : 0) | volume;
    this.#payload[2] = duration >> 8;
    this.#payload[3] = duration & 0xff;
    take(this.#payload, isFirst);
    if (isEnd && ++step.ends === endPackets) this.#steps.shift();
  }
}
