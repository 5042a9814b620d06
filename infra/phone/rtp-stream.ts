/**
 * The phone's side of the audio: one UDP socket, a G.711 packet every 20 ms from a source of samples, and a recording of what comes in.
 * Where a packet lies in the recording follows from its RTP timestamp, so that a gap stays a gap.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { aLaw, type CompandingLaw, muLaw } from '../../media-node/src/media/audio/g711.ts';
import {
  RtpPacket,
  rtpHeaderBytes,
  writeRtpHeader,
} from '../../media-node/src/media/rtp/rtp-packet.ts';
import { randomNumbers } from '../../media-node/src/sip/fuzz.fake.ts';
import { rms } from '../audio/goertzel.ts';
import type { SampleSource } from '../audio/tone.ts';
import type { Sound } from '../audio/wav.ts';

export type PhoneCodec = 'PCMU' | 'PCMA';

export const payloadTypes: Readonly<Record<PhoneCodec, number>> = { PCMU: 0, PCMA: 8 };
const laws: Readonly<Record<PhoneCodec, CompandingLaw>> = { PCMU: muLaw, PCMA: aLaw };

export const phoneRateHz = 8_000;
const packetMs = 20;
const packetSamples = 160;
/** telephone-event in our offer (RFC 4733). */
const eventPayloadType = 101;
/** A digit lasts 100 ms and is followed by as much of the voice, as a keypad makes it. */
const digitPackets = 5;
/** The end of a digit is sent three times, since a packet may be lost. RFC 4733 §2.5.1.4. */
const endPackets = 3;
/** RMS, int16: above the residue of a silent line. */
const soundRms = 60;
/** Ten minutes at 8 kHz. */
const recordedSamplesMax = 600 * phoneRateHz;

export interface RtpStreamEvents {
  /** The first packet at all, and the first that is not silence. */
  readonly onFirstPacket: () => void;
  readonly onFirstSound: () => void;
  /** Every packet's samples, as they come. */
  readonly onSamples?: ((samples: Int16Array) => void) | undefined;
}

/** A line that is not perfect, or is not worth recording. */
export interface LineOptions {
  /** Share of packets, 0 to 1, that are lost each way; by a schedule that is the same in every run. */
  readonly lossShare?: number;
  /** Each packet that the phone sends is late by up to so much, ms: beyond 20 one overtakes the other. By the same schedule. */
  readonly jitterMs?: number;
  /** false: what is heard is not kept. */
  readonly isRecorded?: boolean;
}

export class RtpStream {
  readonly #socket: Socket;
  readonly #line: LineOptions;
  readonly #random = randomNumbers(1);
  readonly #events: RtpStreamEvents;
  readonly #packet = new RtpPacket();
  readonly #heard = new Map<number, Int16Array>();
  readonly #ssrc = randomBytes(4).readUInt32BE();
  #firstTimestamp: number | null = null;
  #packetsReceived = 0;
  #packetsSent = 0;
  #hasSound = false;
  #codec: PhoneCodec = 'PCMU';
  #timer: NodeJS.Timeout | null = null;
  /** Digits not yet sent; the first is being sent. */
  readonly #digits: number[] = [];
  /** Packets of the first digit that are out, and those of the pause behind it. */
  #digitStep = 0;

  private constructor(socket: Socket, events: RtpStreamEvents, line: LineOptions) {
    this.#socket = socket;
    this.#events = events;
    this.#line = line;
    socket.on('message', (bytes) => {
      if (!this.#isLost()) this.#receive(bytes);
    });
    // The other side may be gone while we still send: an ICMP error is no event of a call.
    socket.on('error', () => {});
  }

  /** Binds a free port. */
  static async open(
    address: string,
    events: RtpStreamEvents,
    line: LineOptions = {},
  ): Promise<RtpStream> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((settle, fail) => {
      socket.once('error', fail);
      socket.bind(0, address, settle);
    });
    return new RtpStream(socket, events, line);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get packets(): { readonly received: number; readonly sent: number } {
    return { received: this.#packetsReceived, sent: this.#packetsSent };
  }

  /** Sends from now on. A packet that is late is sent at once and the next keeps its time: the pace has no drift. */
  start(
    remote: { readonly address: string; readonly port: number },
    codec: PhoneCodec,
    says: SampleSource,
  ): void {
    if (this.#timer !== null) return;
    this.#codec = codec;
    const samples = new Int16Array(packetSamples);
    const bytes = Buffer.alloc(rtpHeaderBytes + packetSamples);
    const startedAt = performance.now();
    let sequence = randomBytes(2).readUInt16BE();
    let timestamp = randomBytes(4).readUInt32BE();
    const send = () => {
      says(samples);
      const event = this.#nextEvent();
      const at = writeRtpHeader(bytes, {
        marker: event === null ? this.#packetsSent === 0 : event.step === 0,
        payloadType: event === null ? payloadTypes[codec] : eventPayloadType,
        sequence,
        // All packets of a digit carry the time of its start. RFC 4733 §2.1.
        timestamp: (timestamp - (event?.step ?? 0) * packetSamples) >>> 0,
        ssrc: this.#ssrc,
      });
      if (event === null) laws[codec].encode(samples, bytes.subarray(at));
      else writeEvent(bytes, at, event);
      const end = event === null ? bytes.length : at + 4;
      if (!this.#isLost()) this.#send(bytes.subarray(0, end), remote);
      this.#packetsSent += 1;
      sequence = (sequence + 1) & 0xffff;
      timestamp = (timestamp + packetSamples) >>> 0;
      const dueAt = startedAt + this.#packetsSent * packetMs;
      this.#timer = setTimeout(send, Math.max(0, dueAt - performance.now()));
    };
    send();
  }

  /** Presses keys: 0-9, *, #, A-D, one after the other. @throws Error on any other character */
  press(keys: string): void {
    for (const key of keys) {
      const event = '0123456789*#ABCD'.indexOf(key.toUpperCase());
      if (event < 0) throw new Error(`no such key: ${JSON.stringify(key)}`);
      this.#digits.push(event);
    }
  }

  /** What was heard from the first packet to the last, gaps as silence. */
  heard(): Sound {
    const end = Math.max(0, ...[...this.#heard].map(([at, samples]) => at + samples.length));
    const samples = new Int16Array(end);
    for (const [at, piece] of this.#heard) samples.set(piece, at);
    return { sampleRateHz: phoneRateHz, samples };
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#socket.close();
  }

  #send(bytes: Buffer, remote: { readonly address: string; readonly port: number }): void {
    const { jitterMs = 0 } = this.#line;
    if (jitterMs === 0) {
      this.#socket.send(bytes, remote.port, remote.address, () => {});
      return;
    }
    const late = Buffer.from(bytes);
    setTimeout(
      () => {
        // Without timer the call is over and its socket closed.
        if (this.#timer !== null) this.#socket.send(late, remote.port, remote.address, () => {});
      },
      this.#random(10 * jitterMs) / 10,
    );
  }

  #isLost(): boolean {
    return this.#random(10_000) < (this.#line.lossShare ?? 0) * 10_000;
  }

  /** The telephone event of the next packet; null: a packet of voice. */
  #nextEvent(): TelephoneEvent | null {
    const [digit] = this.#digits;
    if (digit === undefined) return null;
    const step = this.#digitStep;
    this.#digitStep += 1;
    if (step < digitPackets + endPackets) return { digit, step };
    if (step === 2 * digitPackets + endPackets) {
      this.#digits.shift();
      this.#digitStep = 0;
    }
    return null;
  }

  #receive(bytes: Buffer): void {
    const packet = this.#packet;
    if (packet.read(bytes) !== null || packet.payloadType !== payloadTypes[this.#codec]) return;
    this.#packetsReceived += 1;
    if (this.#packetsReceived === 1) this.#events.onFirstPacket();
    const samples = new Int16Array(packet.payload.length);
    laws[this.#codec].decode(packet.payload, samples);
    this.#events.onSamples?.(samples);
    this.#firstTimestamp ??= packet.timestamp;
    const at = (packet.timestamp - this.#firstTimestamp) >>> 0;
    if (at < recordedSamplesMax && this.#line.isRecorded !== false) this.#heard.set(at, samples);
    if (this.#hasSound || rms(samples) < soundRms) return;
    this.#hasSound = true;
    this.#events.onFirstSound();
  }
}

interface TelephoneEvent {
  readonly digit: number;
  /** Counts its packets from 0. */
  readonly step: number;
}

/** event, E bit and volume, duration. RFC 4733 §2.3. */
function writeEvent(bytes: Buffer, at: number, { digit, step }: TelephoneEvent): void {
  const isEnd = step >= digitPackets;
  bytes.writeUInt8(digit, at);
  bytes.writeUInt8((isEnd ? 0x80 : 0) | 10, at + 1);
  bytes.writeUInt16BE(Math.min(step + 1, digitPackets) * packetSamples, at + 2);
}
