/**
 * Whether the room's Opus may go to a phone as it is. Packets that are passed on cannot be made smaller: a phone that wants packets of one size, or a lower
 * average than the room sends (RFC 7587 §6.1), gets audio that we code for it, from the moment that shows until the end of the call. Pure.
 */
import { opusClockHz, opusTicks } from '../audio/opus.ts';
import type { OpusWishes } from '../media-session.ts';

/** The average is that of the last second or so, in ticks of 48 kHz: one loud syllable does not count. */
const averagedTicks = opusClockHz;

export class OpusAllowance {
  readonly #maxAverageBitRate: number;
  #averageBitRate = 0;
  #isRefused: boolean;

  /** @param wishes null: the phone has none */
  constructor(wishes: OpusWishes | null) {
    this.#maxAverageBitRate = wishes?.maxAverageBitRate ?? Number.POSITIVE_INFINITY;
    this.#isRefused = wishes?.isConstantRate === true;
  }

  /** Judges the next packet of the room. */
  allows(packet: Uint8Array): boolean {
    const ticks = opusTicks(packet);
    if (this.#isRefused || ticks === null) return !this.#isRefused;
    const bitRate = (8 * packet.length * opusClockHz) / ticks;
    this.#averageBitRate += ((bitRate - this.#averageBitRate) * ticks) / averagedTicks;
    this.#isRefused = this.#averageBitRate > this.#maxAverageBitRate;
    return !this.#isRefused;
  }
}
