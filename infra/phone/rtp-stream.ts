/**
 * The phone's side of the audio: one UDP socket, a packet every 20 ms from a source of samples, and a recording of what comes in.
 * Where a packet lies in the recording follows from its RTP timestamp, so that a gap stays a gap and nothing comes too late for it.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { systemClock } from '../../media-node/src/clock.ts';
import { createPhoneCodec } from '../../media-node/src/media/audio/phone-codec.ts';
import type { PhoneCodecName } from '../../media-node/src/media/media-session.ts';
import {
  RtpPacket,
  rtpHeaderBytes,
  writeRtpHeader,
} from '../../media-node/src/media/rtp/rtp-packet.ts';
import {
  ImpairedLink,
  type Impairment,
} from '../../media-node/src/sip/transport/impaired-link.fake.ts';
import { rms } from '../audio/goertzel.ts';
import type { SampleSource } from '../audio/tone.ts';
import type { Sound } from '../audio/wav.ts';

export type PhoneCodec = PhoneCodecName;

export const payloadTypes: Readonly<Record<PhoneCodec, number>> = {
  PCMU: 0,
  PCMA: 8,
  G722: 9,
  opus: 96,
};

/** Of samples with G.711; G.722 and Opus have twice as many. */
export const phoneRateHz = 8_000;
/** More than any packet of 20 ms has. */
const payloadBytesMax = 1_200;
const packetMs = 20;
const packetsPerSecond = 1_000 / packetMs;
/** Of a telephone event, 20 ms at 8000 Hz. */
const eventTicks = 160;
/** telephone-event in our offer (RFC 4733). */
const eventPayloadType = 101;
/** A digit lasts 100 ms and is followed by as much of the voice, as a keypad makes it. */
const digitPackets = 5;
/** The end of a digit is sent three times, since a packet may be lost. RFC 4733 §2.5.1.4. */
const endPackets = 3;
/** RMS, int16: above the residue of a silent line. */
export const soundRms = 60;
const recordedMsMax = 600_000;

interface RtpAddress {
  readonly address: string;
  readonly port: number;
}

export interface RtpStreamEvents {
  /** The first packet at all, and the first that is not silence. */
  readonly onFirstPacket: () => void;
  readonly onFirstSound: () => void;
  /** Every packet's samples, as they come. */
  readonly onSamples?: ((samples: Int16Array) => void) | undefined;
}

/** A line that is not perfect, or is not worth recording. */
export interface LineOptions {
  /** What packets meet each way, by a schedule that is the same for the same seed. */
  readonly impaired?: { readonly impairment: Impairment; readonly seed: number };
  /** false: what is heard is not kept. */
  readonly isRecorded?: boolean;
}

export class RtpStream {
  readonly #socket: Socket;
  readonly #line: LineOptions;
  readonly #events: RtpStreamEvents;
  readonly #packet = new RtpPacket();
  /** Payloads by ticks from the first. */
  readonly #heard = new Map<number, Buffer>();
  readonly #ssrc = randomBytes(4).readUInt32BE();
  #firstTimestamp: number | null = null;
  #packetsReceived = 0;
  #packetsSent = 0;
  #hasSound = false;
  #codec: PhoneCodec = 'PCMU';
  #decoder = createPhoneCodec('PCMU');
  /** Between us and the other side; null: nothing is. */
  readonly #link: { readonly relay: ImpairedLink; readonly front: RtpAddress } | null;
  #isStarted = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | null = null;
  /** Digits not yet sent; the first is being sent. */
  readonly #digits: number[] = [];
  /** Packets of the first digit that are out, and those of the pause behind it. */
  #digitStep = 0;

  private constructor(
    socket: Socket,
    events: RtpStreamEvents,
    line: LineOptions,
    link: { readonly relay: ImpairedLink; readonly front: RtpAddress } | null,
  ) {
    this.#link = link;
    this.#socket = socket;
    this.#events = events;
    this.#line = line;
    socket.on('message', (bytes) => this.#receive(bytes));
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
    const { impaired } = line;
    if (impaired === undefined) return new RtpStream(socket, events, line, null);
    const target = socket.address();
    const relay = new ImpairedLink({ target, clock: systemClock, ...impaired });
    return new RtpStream(socket, events, line, { relay, front: await relay.open(address) });
  }

  /** Where it wants to be sent to. */
  get port(): number {
    return this.#link?.front.port ?? this.#socket.address().port;
  }

  get packets(): { readonly received: number; readonly sent: number } {
    return { received: this.#packetsReceived, sent: this.#packetsSent };
  }

  /** Sends from now on. @param says in samples of the codec */
  start(remote: RtpAddress, codec: PhoneCodec, says: SampleSource): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#codec = codec;
    this.#decoder = createPhoneCodec(codec);
    if (this.#link === null) return this.#speak(remote, says);
    void this.#link.relay.entranceFor(remote).then((entrance) => {
      if (!this.#isClosed) this.#speak(entrance, says);
    });
  }

  /** A packet that is late is sent at once and the next keeps its time: the pace has no drift. */
  #speak(remote: RtpAddress, says: SampleSource): void {
    const codec = createPhoneCodec(this.#codec);
    const samples = new Int16Array(codec.sampleRateHz / packetsPerSecond);
    const ticks = codec.clockRateHz / packetsPerSecond;
    const bytes = Buffer.alloc(rtpHeaderBytes + payloadBytesMax);
    const startedAt = performance.now();
    let sequence = randomBytes(2).readUInt16BE();
    let timestamp = randomBytes(4).readUInt32BE();
    const send = () => {
      says(samples);
      const event = this.#nextEvent();
      const at = writeRtpHeader(bytes, {
        marker: event === null ? this.#packetsSent === 0 : event.step === 0,
        payloadType: event === null ? payloadTypes[this.#codec] : eventPayloadType,
        sequence,
        // All packets of a digit carry the time of its start. RFC 4733 §2.1.
        timestamp: (timestamp - (event?.step ?? 0) * ticks) >>> 0,
        ssrc: this.#ssrc,
      });
      const payload = event === null ? codec.encode(samples) : writeEvent(event);
      bytes.set(payload, at);
      this.#socket.send(
        bytes.subarray(0, at + payload.length),
        remote.port,
        remote.address,
        () => {},
      );
      this.#packetsSent += 1;
      sequence = (sequence + 1) & 0xffff;
      timestamp = (timestamp + ticks) >>> 0;
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

  /** What was heard from the first packet to the last in the order of its time, gaps as silence. */
  heard(): Sound {
    const decoder = createPhoneCodec(this.#codec);
    const samplesPerTick = decoder.sampleRateHz / decoder.clockRateHz;
    const pieces = [...this.#heard]
      .toSorted(([one], [other]) => one - other)
      .map(([at, payload]) => ({
        at: Math.round(at * samplesPerTick),
        samples: Int16Array.from(decoder.decode(payload) ?? []),
      }));
    const end = Math.max(0, ...pieces.map(({ at, samples: { length } }) => at + length));
    const samples = new Int16Array(end);
    for (const piece of pieces) samples.set(piece.samples, piece.at);
    return { sampleRateHz: decoder.sampleRateHz, samples };
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    void this.#link?.relay.close();
    this.#socket.close();
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
    const samples = this.#decoder.decode(packet.payload) ?? new Int16Array();
    this.#events.onSamples?.(samples);
    this.#firstTimestamp ??= packet.timestamp;
    const at = (packet.timestamp - this.#firstTimestamp) >>> 0;
    const isKept = at < (recordedMsMax * this.#decoder.clockRateHz) / 1_000;
    if (isKept && this.#line.isRecorded !== false) this.#heard.set(at, Buffer.from(packet.payload));
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
function writeEvent({ digit, step }: TelephoneEvent): Uint8Array {
  const isEnd = step >= digitPackets;
  const duration = Math.min(step + 1, digitPackets) * eventTicks;
  return Uint8Array.of(digit, (isEnd ? 0x80 : 0) | 10, duration >> 8, duration & 0xff);
}
