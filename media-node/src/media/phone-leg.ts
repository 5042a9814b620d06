/**
 * The phone's side of one call's media: judges where packets come from, counts them, tells audio from telephone events, and sends ours where
 * the caller is. It knows nothing of rooms.
 */

import { mediaLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../clock.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { PhoneStream } from './media-session.ts';
import { type Arrival, Reception } from './rtp/reception.ts';
import { Reporting } from './rtp/reporting.ts';
import type { SentStream } from './rtp/rtcp.ts';
import { isRtcp, RtpPacket } from './rtp/rtp-packet.ts';
import type { RtpPort } from './rtp/rtp-port.ts';
import { SourceLock, type TransportAddress } from './rtp/source-lock.ts';
import { Srtp } from './rtp/srtp.ts';
import { TelephoneEventReader } from './rtp/telephone-event.ts';

export interface PhoneLegEvents {
  /** An audio packet of the caller; valid during the call. */
  onAudio(packet: RtpPacket, arrival: Arrival): void;
  onDigit(digit: string): void;
}

/** What a leg needs of its two sockets. */
export type LegPort = Pick<RtpPort, 'onDatagram' | 'send'>;

/** Packets that were not heard, by why. */
export interface Discarded {
  foreign: number;
  malformed: number;
  /** More than a phone sends, at its rate (mediaLimits.callPacketsPerSecondMax). */
  excessive: number;
  /** SRTP whose tag is wrong, or that came before. */
  unauthenticated: number;
  /** Of a payload type that was not agreed on: a sign of life, but not heard. */
  unexpected: number;
}

/** Comfort noise (RFC 3389), sent by phones that stop talking whether it was agreed on or not. */
const comfortNoisePayloadType = 13;

export class PhoneLeg {
  readonly discarded: Discarded = {
    foreign: 0,
    excessive: 0,
    malformed: 0,
    unauthenticated: 0,
    unexpected: 0,
  };
  packetsSent = 0;
  readonly reporting: Reporting;
  readonly #ports: { readonly rtp: LegPort; readonly rtcp: LegPort };
  readonly #events: PhoneLegEvents;
  readonly #clock: Clock;
  #ownSsrc: number | null = null;
  readonly #packet = new RtpPacket();
  readonly #lock = new SourceLock();
  /** What one call may cost the others in its process. */
  readonly #due: TokenBucket;
  #digits = new TelephoneEventReader();
  #secure: Secured | null = null;
  #reception: Reception | null = null;
  #stream: PhoneStream | null = null;
  #heardAtMono: number | null = null;
  /** Where the caller's reports come from, if not from the port above its audio. */
  #reportsFrom: TransportAddress | null = null;

  constructor(
    ports: { readonly rtp: LegPort; readonly rtcp: LegPort },
    events: PhoneLegEvents,
    clock: Clock,
  ) {
    this.#ports = ports;
    this.#events = events;
    this.#clock = clock;
    this.reporting = new Reporting(clock.nowMono());
    const { callPacketsPerSecondMax: most } = mediaLimits;
    this.#due = new TokenBucket(most, most, clock.nowMono());
    ports.rtp.onDatagram((bytes, address, port) => this.#onDatagram(bytes, address, port));
    ports.rtcp.onDatagram((bytes, address, port) => this.#onReport(bytes, { address, port }, 1));
  }

  /** What was agreed on with the caller, again after each offer. */
  setStream(stream: PhoneStream): void {
    this.#reception ??= new Reception(stream.clockRateHz);
    this.#reception.useClock(stream.clockRateHz);
    if (eventRatio(stream) !== eventRatio(this.#stream))
      this.#digits = new TelephoneEventReader(eventRatio(stream));
    this.#secure = secured(stream.srtp, this.#stream?.srtp ?? null, this.#secure);
    // c=0.0.0.0 is hold as RFC 2543 did it, and names no place: the one that is known stays.
    const isNamed = !isUnspecified(stream.remote.address);
    if (isNamed || this.#stream === null) {
      this.#lock.expect(stream.remote, stream.signallingAddress ?? null);
      if (!this.#lock.isLocked) this.#reportsFrom = null;
    }
    this.#stream = stream;
  }

  get reception(): Reception | null {
    return this.#reception;
  }

  /** When the last packet of the caller came, ms on the monotonic clock; null: none has. */
  get heardAtMono(): number | null {
    return this.#heardAtMono;
  }

  /** Sends a packet to where the caller is; nothing while that is unknown or the caller is on hold. */
  send(packet: Buffer): void {
    const destination = this.#destination();
    if (destination === null || this.#stream?.send !== true) return;
    this.packetsSent++;
    const bytes = this.#secure === null ? packet : this.#secure.send.protect(packet);
    this.#ports.rtp.send(bytes, destination.address, destination.port);
  }

  /** Once a second: a report to the phone, when one is due. @param own its stream null: we have sent nothing yet */
  report(own: { readonly ssrc: number; readonly stream: SentStream | null }): void {
    this.#ownSsrc = own.ssrc;
    const report = this.reporting.report({ ssrc: own.ssrc, sent: own.stream }, this.#reception, {
      nowMono: this.#clock.nowMono(),
      nowWall: this.#clock.nowWall(),
      random: Math.random(),
    });
    if (report !== null) this.#sendReport(report);
  }

  /** Our stream is over. */
  goodbye(): void {
    if (this.#ownSsrc !== null) this.#sendReport(this.reporting.goodbye(this.#ownSsrc));
  }

  /** Where the caller is; null: nobody has said so yet. */
  #destination(): TransportAddress | null {
    const { destination } = this.#lock;
    return destination === null || isUnspecified(destination.address) ? null : destination;
  }

  #sendReport(report: Buffer): void {
    const destination = this.#destination();
    if (destination === null) return;
    const bytes = this.#secure === null ? report : this.#secure.send.protectRtcp(report);
    const port = this.#reportsFrom?.port ?? destination.port + 1;
    this.#ports.rtcp.send(bytes, destination.address, port);
  }

  /**
   * A phone's RTCP comes from the address of its RTP, from the port above or from that itself. Behind a NAT the port may be any: then its SSRC shows whose it is, and
   * ours goes there.
   * @param above the source port against that of its RTP, usually
   */
  #onReport(bytes: Buffer, source: TransportAddress, above: 0 | 1): void {
    const from = this.#lock.destination;
    if (from?.address !== source.address) {
      this.discarded.foreign++;
      return;
    }
    const clear = this.#secure === null ? bytes : this.#secure.receive.unprotectRtcp(bytes);
    if (clear === null) {
      this.discarded.unauthenticated++;
      return;
    }
    if (source.port !== from.port + above) {
      const ssrc = this.#reception?.ssrc ?? null;
      if (ssrc === null || senderOf(clear) !== ssrc) {
        this.discarded.foreign++;
        return;
      }
      this.#reportsFrom = { ...source };
    }
    if (this.#ownSsrc !== null) this.reporting.receive(clear, this.#ownSsrc, this.#clock.nowWall());
  }

  #onDatagram(bytes: Buffer, address: string, port: number): void {
    const stream = this.#stream;
    const packet = this.#packet;
    // Checked before anything costly is done for it.
    if (this.#lock.isLockedAgainst(address, port)) {
      this.discarded.foreign++;
      return;
    }
    if (isRtcp(bytes)) return this.#onReport(bytes, { address, port }, 0);
    const clear = this.#secure === null ? bytes : this.#secure.receive.unprotect(bytes);
    if (clear === null) {
      this.discarded.unauthenticated++;
      return;
    }
    if (packet.read(clear) !== null) {
      this.discarded.malformed++;
      return;
    }
    const isAudio = packet.payloadType === stream?.payloadType;
    const isEvent = packet.payloadType === stream?.telephoneEvent?.payloadType;
    const verdict = this.#lock.judge({ address, port }, packet);
    if (verdict === 'foreign') {
      this.discarded.foreign++;
      return;
    }
    if (verdict === 'probation' || this.#reception === null) return;
    const now = this.#clock.nowMono();
    // Only what is the caller's for certain counts, or a stranger could silence a phone.
    if (!this.#due.take(now)) {
      this.discarded.excessive++;
      return;
    }
    this.#heardAtMono = now;
    if (isAudio) return this.#events.onAudio(packet, this.#reception.arrive(packet, now));
    // Beside the audio: a number of its sequence, unless it has one of its own.
    const { ssrc } = this.#reception;
    if (ssrc === null || ssrc === packet.ssrc) this.#reception.arrive(packet, null);
    if (isEvent) {
      const digit = this.#digits.read(packet);
      if (digit !== null) this.#events.onDigit(digit);
    } else if (packet.payloadType !== comfortNoisePayloadType) this.discarded.unexpected++;
  }
}

/** SSRC that an RTCP packet comes from; null: it has none. RFC 3550 §6.1. */
function senderOf(report: Buffer): number | null {
  return report.length < 8 ? null : report.readUInt32BE(4);
}

/** 0.0.0.0 in a datagram's destination would be this machine. */
function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Ticks of the stream's clock in one of its telephone events' units. */
function eventRatio(stream: PhoneStream | null): number {
  return stream === null
    ? 1
    : stream.clockRateHz / (stream.telephoneEvent?.clockRateHz ?? stream.clockRateHz);
}

type Keys = NonNullable<PhoneStream['srtp']>;

interface Secured {
  readonly send: Srtp;
  readonly receive: Srtp;
}

/**
 * With the same key the counters of a direction go on, whatever becomes of the other: to begin anew would repeat our key stream, and refuse all of theirs
 * once their sequence numbers have wrapped.
 */
function secured(keys: Keys | null, before: Keys | null, current: Secured | null): Secured | null {
  if (keys === null) return null;
  const { suite, sendKey, receiveKey } = keys;
  const isSame = before !== null && current !== null && before.suite === suite;
  return {
    send: isSame && before.sendKey.equals(sendKey) ? current.send : new Srtp(suite, sendKey),
    receive:
      isSame && before.receiveKey.equals(receiveKey)
        ? current.receive
        : new Srtp(suite, receiveKey),
  };
}
