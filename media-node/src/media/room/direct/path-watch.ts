/**
 * Notices that the way to the server's media port has died (a NAT that has forgotten us, an address that is gone): packets go out and nothing comes back, not even the receiver reports that
 * LiveKit sends each second (RFC 3550 §6.4.2). ICE itself gives consent up after thirty seconds only (RFC 7675 §5.1), which is a long silence on the phone. Pure.
 */
import { roomLimits } from '@callgate/shared/limits.ts';

/** Of a connection since it began, in packets. */
export interface Traffic {
  readonly sent: number;
  /** Of any kind. */
  readonly heard: number;
}

export class PathWatch {
  #before: Traffic = { sent: 0, heard: 0 };
  #unansweredS = 0;

  /** A second has passed. @returns true: the way is dead */
  second(now: Traffic): boolean {
    // Who sends nothing is told nothing.
    if (now.heard !== this.#before.heard) this.#unansweredS = 0;
    else if (now.sent !== this.#before.sent) this.#unansweredS++;
    this.#before = now;
    return this.#unansweredS >= roomLimits.unansweredS;
  }
}
