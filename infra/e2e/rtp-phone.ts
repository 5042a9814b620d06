/** The media half of a phone, for tests below SIP: a UDP socket that plays a tone as PCMU and keeps what it gets. */
import { createSocket, type Socket } from 'node:dgram';
import { muLaw } from '@callgate/media-node/src/media/audio/g711.ts';
import { addTone } from '@callgate/media-node/src/media/audio/tone.ts';
import { RtpPacket, writeRtpHeader } from '@callgate/media-node/src/media/rtp/rtp-packet.ts';
import { Srtp } from '@callgate/media-node/src/media/rtp/srtp.ts';
import type { SrtpSuite } from '@callgate/media-node/src/media/rtp/srtp-keys.ts';

export interface HeardPacket {
  readonly atMono: number;
  readonly from: string;
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payloadType: number;
  readonly payload: Buffer;
}

const rateHz = 8_000;
const frameSamples = 160;

export class RtpPhone {
  readonly packets: HeardPacket[] = [];
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | null = null;
  #sequence = 1_000;
  #timestamp = 5_000;
  readonly ssrc = 0x1234_5678;
  #secure: { readonly send: Srtp; readonly receive: Srtp } | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const view = new RtpPacket();
    socket.on('message', (received, source) => {
      const bytes = this.#secure === null ? received : this.#secure.receive.unprotect(received);
      if (bytes === null || view.read(bytes) !== null) return;
      const { ssrc, sequence, timestamp, marker, payloadType } = view;
      this.packets.push({
        atMono: performance.now(),
        from: `${source.address}:${source.port}`,
        ssrc,
        sequence,
        timestamp,
        marker,
        payloadType,
        payload: Buffer.from(view.payload),
      });
    });
  }

  static async open(address = '127.0.0.1'): Promise<RtpPhone> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((done) => socket.bind(0, address, done));
    return new RtpPhone(socket);
  }

  get address(): { readonly address: string; readonly port: number } {
    const { address, port } = this.#socket.address();
    return { address, port };
  }

  /** Speaks SRTP from now on. */
  encrypt(suite: SrtpSuite, sendKey: Uint8Array, receiveKey: Uint8Array): void {
    this.#secure = { send: new Srtp(suite, sendKey), receive: new Srtp(suite, receiveKey) };
  }

  /** Plays a tone toward `to`, one packet every 20 ms. */
  play(frequencyHz: number, to: { readonly address: string; readonly port: number }): void {
    this.stop();
    const startMono = performance.now();
    let sent = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor((performance.now() - startMono) / 20);
      for (; sent < due; sent++) {
        const samples = new Int16Array(frameSamples);
        addTone(samples, {
          frequencyHz,
          rateHz,
          amplitude: 8_000,
          fromSample: sent * frameSamples,
        });
        const payload = new Uint8Array(frameSamples);
        muLaw.encode(samples, payload);
        this.send(payload, to);
      }
    }, 5);
  }

  /** Sends one packet, next in sequence. */
  send(
    payload: Uint8Array,
    to: { readonly address: string; readonly port: number },
    payloadType = 0,
  ): void {
    const packet = Buffer.alloc(12 + payload.length);
    writeRtpHeader(packet, {
      marker: false,
      payloadType,
      sequence: this.#sequence++,
      timestamp: this.#timestamp,
      ssrc: this.ssrc,
    });
    this.#timestamp += payload.length;
    packet.set(payload, 12);
    const bytes = this.#secure === null ? packet : this.#secure.send.protect(packet);
    this.#socket.send(bytes, to.port, to.address);
  }

  /** Sends one telephone event packet; the timestamp stands still while a digit lasts. */
  sendEvent(payload: Uint8Array, to: { readonly address: string; readonly port: number }): void {
    this.send(payload, to, 101);
    this.#timestamp -= payload.length;
  }

  /** Lets time pass on the RTP clock, ticks. */
  skip(ticks: number): void {
    this.#timestamp += ticks;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** The last `ms` of what came, decoded in order of arrival, int16 at 8 kHz. */
  heard(ms: number): Int16Array {
    const packets = this.packets.slice(-Math.ceil(ms / 20));
    const samples = new Int16Array(packets.reduce((sum, { payload }) => sum + payload.length, 0));
    let at = 0;
    for (const { payload } of packets) {
      muLaw.decode(payload, samples.subarray(at, at + payload.length));
      at += payload.length;
    }
    return samples;
  }

  close(): Promise<void> {
    this.stop();
    return new Promise((done) => this.#socket.close(() => done()));
  }
}
