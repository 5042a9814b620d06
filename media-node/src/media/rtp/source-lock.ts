/**
 * Who may send RTP into a call, and where ours goes (RFC 7362 calls it latching). The problem: SDP names an address, but behind
 * a NAT the packets come from another one, and whoever may choose the source by sending first can listen to the call.
 *
 * The idea: the address in the SDP always wins. Its packets count from the first; four of them in sequence lock it. Only
 * while it is silent may another port or another address qualify, and only one with the IP address of the SDP or of the signalling: its
 * packets are not heard until four of them came in sequence, then that source is locked. Once locked nothing else is heard
 * until the signalling names another address. Ours goes to the locked source, before that to the SDP address, never elsewhere.
 *
 * Example: SDP says 10.0.0.7:4000, the INVITE came from 198.51.100.9. Packets 1-3 from 198.51.100.9:31022 are on probation, packet 4 locks
 * it: the caller hears us from there on, 80 ms late. A stranger at 203.0.113.5 is counted as foreign from its first packet.
 */
import { mediaLimits } from '@callgate/shared/limits.ts';
import { sequenceDistance } from './sequence.ts';

export interface TransportAddress {
  readonly address: string;
  readonly port: number;
}

/** What to do with a packet: hear it, hold it against its source's probation, or count it and forget it. */
export type Verdict = 'heard' | 'probation' | 'foreign';

interface Candidate extends TransportAddress {
  ssrc: number;
  sequence: number;
  inSequence: number;
}

/** Sources on probation at one time: the caller's own, and an attacker or two that must not push it out. */
const candidatesMax = 4;

export class SourceLock {
  #expected: TransportAddress | null = null;
  #signallingAddress: string | null = null;
  #locked: TransportAddress | null = null;
  #candidates: Candidate[] = [];

  /**
   * The signalling names (again) where the caller's RTP comes from. Another address than before opens the lock.
   * @param signallingAddress IP address that the SIP request came from; null: unknown, SDP alone counts
   */
  expect(expected: TransportAddress, signallingAddress: string | null): void {
    const isSame =
      this.#expected !== null &&
      isSameSource(this.#expected, expected) &&
      this.#signallingAddress === signallingAddress;
    if (isSame) return;
    this.#expected = expected;
    this.#signallingAddress = signallingAddress;
    this.#locked = null;
    this.#candidates = [];
  }

  /** Where our packets go; null while nothing is known. */
  get destination(): TransportAddress | null {
    return this.#locked ?? this.#expected;
  }

  get isLocked(): boolean {
    return this.#locked !== null;
  }

  /** True when another source than this one is locked. */
  isLockedAgainst(address: string, port: number): boolean {
    const locked = this.#locked;
    return locked !== null && (locked.port !== port || locked.address !== address);
  }

  /** Judges one packet that is RTP, by where it came from. */
  judge(
    source: TransportAddress,
    packet: { readonly ssrc: number; readonly sequence: number },
  ): Verdict {
    if (this.#locked !== null) return isSameSource(this.#locked, source) ? 'heard' : 'foreign';
    if (this.#expected === null) return 'foreign';
    if (isSameSource(this.#expected, source)) {
      // From here on nobody else qualifies: the caller is where the SDP says.
      this.#candidates = this.#candidates.filter((one) => isSameSource(one, source));
      if (this.#countInSequence(source, packet)) this.#lock(source);
      return 'heard';
    }
    if (!this.#mayQualify(source)) return 'foreign';
    if (!this.#countInSequence(source, packet)) return 'probation';
    this.#lock(source);
    return 'heard';
  }

  #mayQualify(source: TransportAddress): boolean {
    const expected = this.#expected;
    if (expected === null) return false;
    if (this.#candidates.some((one) => isSameSource(one, expected))) return false;
    if (source.address !== expected.address && source.address !== this.#signallingAddress)
      return false;
    return (
      this.#candidates.length < candidatesMax ||
      this.#candidates.some((one) => isSameSource(one, source))
    );
  }

  /** @returns whether enough packets of one stream have now come from there one after the other */
  #countInSequence(
    source: TransportAddress,
    { ssrc, sequence }: { readonly ssrc: number; readonly sequence: number },
  ): boolean {
    let candidate = this.#candidates.find((one) => isSameSource(one, source));
    if (candidate === undefined) {
      candidate = { ...source, ssrc, sequence, inSequence: 1 };
      this.#candidates.push(candidate);
    } else {
      const isNext =
        candidate.ssrc === ssrc && sequenceDistance(candidate.sequence, sequence) === 1;
      candidate.inSequence = isNext ? candidate.inSequence + 1 : 1;
      candidate.ssrc = ssrc;
      candidate.sequence = sequence;
    }
    return candidate.inSequence >= mediaLimits.sourceLockPackets;
  }

  #lock(source: TransportAddress): void {
    this.#locked = { address: source.address, port: source.port };
    this.#candidates = [];
  }
}

function isSameSource(one: TransportAddress, other: TransportAddress): boolean {
  return one.port === other.port && one.address === other.address;
}
