/**
 * A 2xx to INVITE is resent by the dialog, not by the transaction: after T1, then twice that, up to T2, over any transport, until the ACK
 * comes or 64*T1 have passed. RFC 3261 §13.3.1.4.
 *
 * The schedule in seconds: 0.5, 1.5, 3.5, 7.5, 11.5, ... 31.5; given up at 32.
 */
import { sipTimers } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../clock.ts';

export class ResendUntilAck {
  readonly #clock: Clock;
  readonly #resend: () => void;
  readonly #giveUp: Timer;
  #next: Timer | null = null;
  #isWaiting = true;

  /** @param onMissing called once, when no ACK came */
  constructor(clock: Clock, resend: () => void, onMissing: () => void) {
    this.#clock = clock;
    this.#resend = resend;
    this.#giveUp = clock.after(64 * sipTimers.t1Ms, () => {
      this.stop();
      onMissing();
    });
    this.#schedule(sipTimers.t1Ms);
  }

  /** True until the ACK, the end of patience, or `stop`. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  stop(): void {
    this.#isWaiting = false;
    this.#next?.cancel();
    this.#giveUp.cancel();
  }

  #schedule(intervalMs: number): void {
    this.#next = this.#clock.after(intervalMs, () => {
      this.#resend();
      this.#schedule(Math.min(2 * intervalMs, sipTimers.t2Ms));
    });
  }
}
