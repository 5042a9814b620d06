/**
 * What arrives of one RTP stream: which packets are new, late or duplicates, how many were lost, how much their spacing varies. RFC 3550
 * appendix A.1 (restart), A.3 (loss), §6.4.1 and A.8 (jitter). Pure; time is handed in. A change of SSRC or a jump of the sequence number
 * is a restart: counting goes on, the estimates begin anew.
 */
import { sequenceDistance, timestampDistance } from './sequence.ts';

/** What a packet is to its stream. */
export type Arrival =
  /** The next one, or a newer one: `lost` packets are missing in between. */
  | { readonly kind: 'newer'; readonly lost: number }
  /** Overtaken by `behind` sequence numbers, not seen before. */
  | { readonly kind: 'late'; readonly behind: number }
  | { readonly kind: 'duplicate' }
  /** The first packet of a stream, or of a stream that began anew. */
  | { readonly kind: 'restart' };

/** A jump of more than this is a restart (RFC 3550 appendix A.1: MAX_DROPOUT, 3000). */
const dropoutMax = 3_000;

/** Sequence numbers behind the newest that are remembered to tell late from duplicate. */
const windowPackets = 32;

const nextInSequence: Arrival = { kind: 'newer', lost: 0 };
const duplicate: Arrival = { kind: 'duplicate' };
const restart: Arrival = { kind: 'restart' };

export class Reception {
  #clockRateHz: number;
  #ssrc: number | null = null;
  #highest = 0;
  #cycles = 0;
  /** Bit n: the packet n behind the highest has been seen. */
  #seen = 0;
  #received = 0;
  /** Packets due since the start, streams before a restart included. */
  #expected = 0;
  #transitTicks: number | null = null;
  #jitterTicks = 0;

  /** @param clockRateHz of the payload's timestamps, Hz */
  constructor(clockRateHz: number) {
    this.#clockRateHz = clockRateHz;
  }

  /** Timestamps count by this clock from now on: with another one a stream begins anew, and counting goes on. */
  useClock(clockRateHz: number): void {
    if (clockRateHz === this.#clockRateHz) return;
    this.#clockRateHz = clockRateHz;
    this.#ssrc = null;
    this.#jitterTicks = 0;
  }

  /**
   * Takes one packet in.
   * @param arrivedAtMono ms on the monotonic clock; null: its timestamp is not that of its sending (a telephone event), it says
   *   nothing about jitter
   */
  arrive(
    packet: { readonly ssrc: number; readonly sequence: number; readonly timestamp: number },
    arrivedAtMono: number | null,
  ): Arrival {
    const arrival = this.#place(packet);
    if (arrival.kind === 'duplicate') return arrival;
    this.#received++;
    if (arrivedAtMono !== null && (arrival.kind === 'newer' || arrival.kind === 'restart')) {
      this.#estimateJitter(packet.timestamp, arrivedAtMono);
    }
    return arrival;
  }

  /** Of the present stream; null: none has begun. */
  get ssrc(): number | null {
    return this.#ssrc;
  }

  /** The newest sequence number with its cycles, 32 bit (RFC 3550 §6.4.1). */
  get highestSequence(): number {
    return ((this.#cycles << 16) | this.#highest) >>> 0;
  }

  get received(): number {
    return this.#received;
  }

  get expected(): number {
    return this.#expected;
  }

  /** Never negative. */
  get lost(): number {
    return Math.max(0, this.#expected - this.#received);
  }

  /** The estimate of RFC 3550 §6.4.1, ms. */
  get jitterMs(): number {
    return (this.#jitterTicks / this.#clockRateHz) * 1_000;
  }

  get jitterTicks(): number {
    return Math.round(this.#jitterTicks);
  }

  #place({ ssrc, sequence }: { readonly ssrc: number; readonly sequence: number }): Arrival {
    const distance = this.#ssrc === ssrc ? sequenceDistance(this.#highest, sequence) : null;
    if (distance === null || Math.abs(distance) > dropoutMax) {
      this.#ssrc = ssrc;
      this.#cycles = 0;
      this.#highest = sequence;
      this.#seen = 1;
      this.#expected++;
      this.#transitTicks = null;
      this.#jitterTicks = 0;
      return restart;
    }
    if (distance > 0) {
      if (sequence < this.#highest) this.#cycles++;
      this.#highest = sequence;
      this.#seen = distance >= windowPackets ? 1 : (this.#seen << distance) | 1;
      this.#expected += distance;
      return distance === 1 ? nextInSequence : { kind: 'newer', lost: distance - 1 };
    }
    const behind = -distance;
    // Too old to know: a duplicate does less harm when it is dropped than when it is played.
    if (behind >= windowPackets) return duplicate;
    const bit = 1 << behind;
    if ((this.#seen & bit) !== 0) return duplicate;
    this.#seen |= bit;
    return { kind: 'late', behind };
  }

  #estimateJitter(timestamp: number, arrivedAtMono: number): void {
    const arrivalTicks = Math.trunc((arrivedAtMono * this.#clockRateHz) / 1_000);
    const transit = timestampDistance(timestamp, arrivalTicks);
    if (this.#transitTicks !== null) {
      const difference = Math.abs(timestampDistance(this.#transitTicks, transit));
      // A jump of the timestamp (a new source behind the same SSRC) says nothing about the network.
      if (difference < this.#clockRateHz)
        this.#jitterTicks += (difference - this.#jitterTicks) / 16;
    }
    this.#transitTicks = transit;
  }
}
