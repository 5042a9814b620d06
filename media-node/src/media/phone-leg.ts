/**
 * The phone's side of one call's media: judges where packets come from, counts them, tells audio from telephone events, and sends ours where
 * the caller is. It knows nothing of rooms.
 */
import type { PhoneStream } from './media-session.ts';
import { type Arrival, Reception } from './rtp/reception.ts';
import { RtpPacket } from './rtp/rtp-packet.ts';
import type { RtpPort } from './rtp/rtp-port.ts';
import { SourceLock } from './rtp/source-lock.ts';
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
  /** Of a payload type that was not agreed on. */
  unexpected: number;
}

/** Comfort noise (RFC 3389), sent by phones that stop talking whether it was agreed on or not. */
const comfortNoisePayloadType = 13;

export class PhoneLeg {
  readonly discarded: Discarded = { foreign: 0, malformed: 0, unexpected: 0 };
  packetsSent = 0;
  readonly #port: RtpPort;
  readonly #events: PhoneLegEvents;
  readonly #now: () => number;
  readonly #packet = new RtpPacket();
  readonly #lock = new SourceLock();
  readonly #digits = new TelephoneEventReader();
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
    this.#port.send(packet, destination.address, destination.port);
  }

  #onDatagram(bytes: Buffer, address: string, port: number): void {
    const stream = this.#stream;
    const packet = this.#packet;
    const fault = packet.read(bytes);
    if (fault !== null) {
      if (fault !== 'rtcp') this.discarded.malformed++;
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
