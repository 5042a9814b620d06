/** The media half of a phone, for tests below SIP: a UDP socket that plays a tone in a codec and keeps what it gets. */
import { createSocket, type Socket } from 'node:dgram';
import {
  createPhoneCodec,
  type PhoneCodec,
} from '@callgate/media-node/src/media/audio/phone-codec.ts';
import { resample } from '@callgate/media-node/src/media/audio/resample.ts';
import { addTone } from '@callgate/media-node/src/media/audio/tone.ts';
import type { PhoneCodecName } from '@callgate/media-node/src/media/media-session.ts';
import {
  type ReceivedReports,
  readRtcp,
  writeRtcp,
} from '@callgate/media-node/src/media/rtp/rtcp.ts';
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

const firstSequence = 1_000;
/** Of what `heard` returns, Hz. */
export const phoneRateHz = 8_000;

export class RtpPhone {
  readonly packets: HeardPacket[] = [];
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | null = null;
  #sequence = firstSequence;
  #timestamp = 5_000;
  readonly ssrc = 0x1234_5678;
  #secure: { readonly send: Srtp; readonly receive: Srtp } | null = null;

  readonly #codec: PhoneCodec;
  readonly #payloadType: number;

  /** Compound packets that came on the port above. */
  readonly reports: ReceivedReports[] = [];
  readonly #rtcp: Socket;

  private constructor(socket: Socket, rtcp: Socket, codec: PhoneCodecName, payloadType: number) {
    this.#socket = socket;
    this.#rtcp = rtcp;
    rtcp.on('message', (bytes) => {
      const reports = readRtcp(bytes);
      if (reports !== null) this.reports.push(reports);
    });
    this.#codec = createPhoneCodec(codec);
    this.#payloadType = payloadType;
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

  static async open(
    address = '127.0.0.1',
    codec: PhoneCodecName = 'PCMU',
    payloadType = 0,
  ): Promise<RtpPhone> {
    const type = address.includes(':') ? 'udp6' : 'udp4';
    for (let attempt = 0; attempt < 20; attempt++) {
      const [socket, rtcp] = [createSocket(type), createSocket(type)];
      await new Promise<void>((done) => socket.bind(0, address, done));
      const isPair = await new Promise<boolean>((done) => {
        rtcp.once('error', () => done(false));
        rtcp.bind(socket.address().port + 1, address, () => done(true));
      });
      if (isPair) return new RtpPhone(socket, rtcp, codec, payloadType);
      socket.close();
      rtcp.close();
    }
    throw new Error(`no pair of free ports on ${address}`);
  }

  /** Packets that it has sent. */
  get sent(): number {
    return this.#sequence - firstSequence;
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
        const rateHz = this.#codec.sampleRateHz;
        const samples = new Int16Array(rateHz / 50);
        const fromSample = sent * samples.length;
        addTone(samples, { frequencyHz, rateHz, amplitude: 8_000, fromSample });
        const payload = Uint8Array.from(this.#codec.encode(samples));
        this.send(payload, to);
      }
    }, 5);
  }

  /** Sends one packet, next in sequence. */
  send(
    payload: Uint8Array,
    to: { readonly address: string; readonly port: number },
    payloadType = this.#payloadType,
  ): void {
    const packet = Buffer.alloc(12 + payload.length);
    writeRtpHeader(packet, {
      marker: false,
      payloadType,
      sequence: this.#sequence++,
      timestamp: this.#timestamp,
      ssrc: this.ssrc,
    });
    this.#timestamp += this.#codec.clockRateHz / 50;
    packet.set(payload, 12);
    const bytes = this.#secure === null ? packet : this.#secure.send.protect(packet);
    this.#socket.send(bytes, to.port, to.address);
  }

  /** Sends one telephone event packet; the timestamp stands still while a digit lasts. */
  sendEvent(payload: Uint8Array, to: { readonly address: string; readonly port: number }): void {
    this.send(payload, to, 101);
    this.#timestamp -= this.#codec.clockRateHz / 50;
  }

  /** Lets time pass on the RTP clock, ticks. */
  skip(ticks: number): void {
    this.#timestamp += ticks;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** The last `ms` of what came, decoded in order of arrival, int16 at phoneRateHz. */
  heard(ms: number): Int16Array {
    // From the first packet on: some codecs need what came before.
    const codec = createPhoneCodec(this.#codec.name);
    const samples = this.packets
      .filter((packet) => packet.payloadType === this.#payloadType)
      .flatMap(({ payload }) => [...(codec.decode(payload) ?? [])]);
    const tail = Int16Array.from(samples.slice(-(ms * codec.sampleRateHz) / 1_000));
    return resample(tail, codec.sampleRateHz, phoneRateHz);
  }

  /** Sends a receiver report about what it hears, as if a quarter was lost. */
  reportTo(to: { readonly address: string; readonly port: number }): void {
    const [last] = this.reports.slice(-1);
    const about = this.packets.at(-1);
    const block = {
      ssrc: about?.ssrc ?? 0,
      fractionLost: 0.25,
      lost: 12,
      highestSequence: about?.sequence ?? 0,
      jitterTicks: 8,
      lastReport: last?.sender?.ntpMiddle ?? 0,
      sinceLastReport: 0,
    };
    const report = writeRtcp(this.ssrc, 'phone', null, block);
    this.#rtcp.send(report, to.port + 1, to.address);
  }

  close(): Promise<void> {
    this.stop();
    this.#rtcp.close();
    return new Promise((done) => this.#socket.close(() => done()));
  }
}
