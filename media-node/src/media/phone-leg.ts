/**
 * The phone's side of one call's media: judges where packets come from, counts them, tells audio from telephone events, and sends ours where
 * the caller is. It knows nothing of rooms.
 */
import type { PhoneStream } from './media-session.ts';
import { type Arrival, Reception } from './rtp/reception.ts';
import { isRtcp, RtpPacket } from './rtp/rtp-packet.ts';
import type { RtpPort } from './rtp/rtp-port.ts';
import { SourceLock } from './rtp/source-lock.ts';
import { Srtp } from './rtp/srtp.ts';
import { TelephoneEventReader } from './rtp/telephone-event.ts';

export interface PhoneLegEvents {
  /** An audio packet of the caller; valid during the call. */
  onAudio(packet: RtpPacket, arrival: Arrival): void;
  onDigit(digit: string): void;
}

/** Packets that were not heard, by why. */
export interface Discarded {
  foreign: number;
  malformed: number;
  /** SRTP whose tag is wrong, or that came before. */
  unauthenticated: number;
  /** Of a payload type that was not agreed on. */
  unexpected: number;
}

/** Comfort noise (RFC 3389), sent by phones that stop talking whether it was agreed on or not. */
const comfortNoisePayloadType = 13;

export class PhoneLeg {
  readonly discarded: Discarded = {
    foreign: 0,
    malformed: 0,
    unauthenticated: 0,
    unexpected: 0,
  };
  packetsSent = 0;
  readonly #port: RtpPort;
  readonly #events: PhoneLegEvents;
  readonly #now: () => number;
  readonly #packet = new RtpPacket();
  readonly #lock = new SourceLock();
  readonly #digits = new TelephoneEventReader();
  #secure: { readonly send: Srtp; readonly receive: Srtp } | null = null;
  #reception: Reception | null = null;
  #stream: PhoneStream | null = null;
  #heardAtMono: number | null = null;

  /** @param now ms on the monotonic clock */
  constructor(port: RtpPort, events: PhoneLegEvents, now: () => number) {
    this.#port = port;
    this.#events = events;
    this.#now = now;
    port.onDatagram((bytes, address, source) => this.#onDatagram(bytes, address, source));
  }

  /** What was agreed on with the caller, again after each offer. */
  setStream(stream: PhoneStream): void {
    if (stream.clockRateHz !== this.#stream?.clockRateHz) {
      this.#reception = new Reception(stream.clockRateHz);
    }
    if (stream.srtp === null) this.#secure = null;
    else if (!hasSameKeys(stream.srtp, this.#stream?.srtp ?? null)) {
      const { suite, sendKey, receiveKey } = stream.srtp;
      this.#secure = { send: new Srtp(suite, sendKey), receive: new Srtp(suite, receiveKey) };
    }
    this.#stream = stream;
    this.#lock.expect(stream.remote, stream.signallingAddress ?? null);
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
    const destination = this.#lock.destination;
    if (destination === null || this.#stream?.send !== true) return;
    this.packetsSent++;
    const bytes = this.#secure === null ? packet : this.#secure.send.protect(packet);
    this.#port.send(bytes, destination.address, destination.port);
  }

  #onDatagram(bytes: Buffer, address: string, port: number): void {
    const stream = this.#stream;
    const packet = this.#packet;
    // Checked before anything costly is done for it.
    if (this.#lock.isLockedAgainst(address, port)) {
      this.discarded.foreign++;
      return;
    }
    if (isRtcp(bytes)) return;
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
    const isEvent = packet.payloadType === stream?.telephoneEventPayloadType;
    if (!isAudio && !isEvent && packet.payloadType !== comfortNoisePayloadType) {
      this.discarded.unexpected++;
      return;
    }
    const verdict = this.#lock.judge({ address, port }, packet);
    if (verdict === 'foreign') {
      this.discarded.foreign++;
      return;
    }
    if (verdict === 'probation' || this.#reception === null) return;
    const now = this.#now();
    this.#heardAtMono = now;
    const arrival = this.#reception.arrive(packet, isAudio ? now : null);
    if (isAudio) this.#events.onAudio(packet, arrival);
    else if (isEvent) {
      const digit = this.#digits.read(packet);
      if (digit !== null) this.#events.onDigit(digit);
    }
  }
}

type Keys = NonNullable<PhoneStream['srtp']>;

/** With the same keys counters go on: to begin anew would repeat a key stream. */
function hasSameKeys(one: Keys, other: Keys | null): boolean {
  return (
    other !== null &&
    one.suite === other.suite &&
    one.sendKey.equals(other.sendKey) &&
    one.receiveKey.equals(other.receiveKey)
  );
}
