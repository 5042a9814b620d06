/**
 * Sends a request over UDP and again until it is answered: after 0.5 s, then twice as long each time, non-INVITE no longer than 4 s
 * (RFC 3261 §17.1.1.2, §17.1.2.2), given up after 32 s.
 */
import { sipTimers } from '../../shared/src/limits.ts';

export class Resend {
  #timer: NodeJS.Timeout | null = null;

  /** Sends at once. @param onGivenUp called when nothing stopped it for 64*T1 */
  constructor(send: () => void, isInvite: boolean, onGivenUp: () => void) {
    const { t1Ms, t2Ms } = sipTimers;
    const giveUpAt = performance.now() + 64 * t1Ms;
    let waitMs: number = t1Ms;
    const again = () => {
      if (performance.now() >= giveUpAt) return onGivenUp();
      send();
      waitMs = isInvite ? waitMs * 2 : Math.min(t2Ms, waitMs * 2);
      this.#timer = setTimeout(again, Math.min(waitMs, giveUpAt - performance.now()));
    };
    send();
    this.#timer = setTimeout(again, waitMs);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
