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
import { rms } from '../audio/goertzel.ts';
import type { SampleSource } from '../audio/tone.ts';
import type { Sound } from '../audio/wav.ts';

export type PhoneCodec = 'PCMU' | 'PCMA';

export const payloadTypes: Readonly<Record<PhoneCodec, number>> = { PCMU: 0, PCMA: 8 };
const laws: Readonly<Record<PhoneCodec, CompandingLaw>> = { PCMU: muLaw, PCMA: aLaw };

export const phoneRateHz = 8_000;
const packetMs = 20;
const packetSamples = 160;
/** RMS, int16: above the residue of a silent line. */
const soundRms = 60;
/** Ten minutes at 8 kHz. */
const recordedSamplesMax = 600 * phoneRateHz;

export interface RtpStreamEvents {
  /** The first packet at all, and the first that is not silence. */
  readonly onFirstPacket: () => void;
  readonly onFirstSound: () => void;
}

export class RtpStream {
  readonly #socket: Socket;
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

  private constructor(socket: Socket, events: RtpStreamEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on('message', (bytes) => this.#receive(bytes));
    // The other side may be gone while we still send: an ICMP error is no event of a call.
    socket.on('error', () => {});
  }

  /** Binds a free port. */
  static async open(address: string, events: RtpStreamEvents): Promise<RtpStream> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((settle, fail) => {
      socket.once('error', fail);
      socket.bind(0, address, settle);
    });
    return new RtpStream(socket, events);
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
      const at = writeRtpHeader(bytes, {
        marker: this.#packetsSent === 0,
        payloadType: payloadTypes[codec],
        sequence,
        timestamp,
        ssrc: this.#ssrc,
      });
      laws[codec].encode(samples, bytes.subarray(at));
      this.#socket.send(bytes, remote.port, remote.address, () => {});
      this.#packetsSent += 1;
      sequence = (sequence + 1) & 0xffff;
      timestamp = (timestamp + packetSamples) >>> 0;
      const dueAt = startedAt + this.#packetsSent * packetMs;
      this.#timer = setTimeout(send, Math.max(0, dueAt - performance.now()));
    };
    send();
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

  #receive(bytes: Buffer): void {
    const packet = this.#packet;
    if (packet.read(bytes) !== null || packet.payloadType !== payloadTypes[this.#codec]) return;
    this.#packetsReceived += 1;
    if (this.#packetsReceived === 1) this.#events.onFirstPacket();
    const samples = new Int16Array(packet.payload.length);
    laws[this.#codec].decode(packet.payload, samples);
    this.#firstTimestamp ??= packet.timestamp;
    const at = (packet.timestamp - this.#firstTimestamp) >>> 0;
    if (at < recordedSamplesMax) this.#heard.set(at, samples);
    if (this.#hasSound || rms(samples) < soundRms) return;
    this.#hasSound = true;
    this.#events.onFirstSound();
  }
}
