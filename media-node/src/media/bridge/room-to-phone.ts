/**
 * The direction from the room to the phone: packets of one remote track, decoded, coded again and sent at once under our one SSRC; the phone's jitter
 * buffer sees the track's own time. While no track speaks, silence goes out on the tick, so that NATs, recorders and media timeouts on the way see a
 * stream that lives. A track on DTX is silent on purpose and filled in soon; one that only stalls gets more patience.
 */
import { randomInt } from 'node:crypto';
import { mediaLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { isOpusSilence, opusClockHz, opusTicks } from '../audio/opus.ts';
import type { PhoneCodec } from '../audio/phone-codec.ts';
import type { OpusWishes } from '../media-session.ts';
import { tickMs } from '../media-tick.ts';
import type { EncodedFrame } from '../room/room.ts';
import { type Arrival, Reception } from '../rtp/reception.ts';
import type { SentStream } from '../rtp/rtcp.ts';
import { rtpHeaderBytes, writeRtpHeader } from '../rtp/rtp-packet.ts';
import { FrameCutter } from './frame-cutter.ts';
import { OpusAllowance } from './opus-allowance.ts';
import { OutgoingTimeline, type Place } from './outgoing-timeline.ts';
import { clockOf, TrackDecoder } from './track-decoder.ts';

/** Takes one RTP packet for the phone; it must not be kept beyond the next seven. */
export type PhoneSender = (packet: Buffer) => void;

export interface RoomToPhoneOptions {
  /** What the phone heard until now: with the same clock its stream goes on as the same one. null: this is the first. */
  readonly before: RoomToPhone | null;
  readonly codec: PhoneCodec;
  readonly payloadType: number;
  /** Of the packets that we send, ms. */
  readonly ptimeMs: number;
  /** What a phone with Opus asks of it; null: another codec. */
  readonly opus: OpusWishes | null;
  readonly send: PhoneSender;
  readonly clock: Clock;
}

/** No packet of the track for so long after DTX began: we fill in, ms. Three packets, so that jitter is not taken for a pause. */
const fillAfterDtxMs = 60;
/** The same when the track did not announce a pause: the network stalls, and filling in would cost what comes late. */
const fillAfterStallMs = 200;

/** Lost packets in a row that are made up for. */
const concealedMax = 3;

/** Packets that may be on their way to the kernel at one time. */
const packetBuffers = 8;

export class RoomToPhone {
  readonly #codec: PhoneCodec;
  readonly #payloadType: number;
  readonly #send: PhoneSender;
  readonly #clock: Clock;
  readonly #ssrc: number;
  readonly #allowance: OpusAllowance;
  readonly #ticksPerPacket: number;
  readonly #samplesPerPacket: number;
  readonly #silence: Int16Array;
  readonly #cutter: FrameCutter;
  readonly #timeline: OutgoingTimeline;
  readonly #buffers = Array.from({ length: packetBuffers }, () =>
    Buffer.alloc(mediaLimits.rtpPacketBytesMax),
  );
  #buffer = 0;
  #decoder: TrackDecoder | null = null;
  #reception: Reception | null = null;
  #heardAtMono: number;
  #isPausing = true;
  /** Sequence numbers of the last loss that was made up for; null: none. */
  #concealedFrom: number | null = null;
  #concealedBefore = 0;
  /** RTP timestamp that follows on the track's last packet without a pause; null: something else was sent since. */
  #nextTimestamp: number | null = null;
  /** Where the telephone event that is being sent began. */
  #eventTimestamp = 0;
  #packets = 0;
  #payloadBytes = 0;
  /** Of the newest packet, and when it went out. */
  #sentTimestamp = 0;
  #sentAtMono = 0;

  constructor({ before, codec, payloadType, ptimeMs, opus, send, clock }: RoomToPhoneOptions) {
    this.#allowance = new OpusAllowance(opus);
    this.#codec = codec;
    this.#payloadType = payloadType;
    this.#send = send;
    this.#clock = clock;
    // Silence before the first packet is counted from here.
    this.#heardAtMono = clock.nowMono();
    this.#ticksPerPacket = (codec.clockRateHz * ptimeMs) / 1_000;
    this.#samplesPerPacket = (codec.sampleRateHz * ptimeMs) / 1_000;
    this.#silence = new Int16Array(this.samplesPerTick);
    this.#cutter = new FrameCutter([this.#samplesPerPacket]);
    if (before !== null && before.#codec.clockRateHz === codec.clockRateHz) {
      this.#ssrc = before.#ssrc;
      this.#timeline = before.#timeline;
      this.#eventTimestamp = before.#eventTimestamp;
      this.#packets = before.#packets;
      this.#payloadBytes = before.#payloadBytes;
      this.#sentTimestamp = before.#sentTimestamp;
      this.#sentAtMono = before.#sentAtMono;
      return;
    }
    this.#ssrc = randomInt(2 ** 32);
    this.#timeline = new OutgoingTimeline({
      inputClockHz: opusClockHz,
      outputClockHz: codec.clockRateHz,
      sequence: randomInt(0x8000),
      timestamp: randomInt(2 ** 32),
    });
  }

  /** The phone takes packets again after a while on hold. */
  resume(): void {
    if (this.#packets > 0) this.#timeline.pauseUntil(this.#timestampNow());
  }

  /** Another track is heard from now on. */
  switchTrack(): void {
    this.#concealedFrom = null;
    this.#reception = null;
    this.#decoder = null;
  }

  /** Takes a frame of the track that is heard. @returns whether it went out */
  frame(frame: EncodedFrame, now: number): boolean {
    const reception = this.#receptionFor(frame);
    const arrival = reception.arrive(frame, now);
    if (arrival.kind === 'duplicate') return false;
    if (arrival.kind === 'restart') this.#timeline.restart(clockOf(frame.codec));
    this.#heardAtMono = now;
    this.#isPausing = frame.codec === 'opus' && isOpusSilence(frame.payload);
    const isOpus = frame.codec === 'opus' && this.#codec.name === 'opus';
    if (isOpus && this.#allowance.allows(frame.payload)) return this.#passOn(frame, arrival, now);
    this.#decoder ??= new TrackDecoder(this.#codec.sampleRateHz);
    if (arrival.kind === 'late' && this.#isConcealed(frame.sequence)) return false;
    const lost = arrival.kind === 'newer' ? arrival.lost : 0;
    const isFilled = lost > 0 && lost <= concealedMax && this.#conceal(frame, lost, now);
    const samples = this.#decoder.decode(frame);
    if (samples === null || samples.length === 0) return false;
    if (arrival.kind === 'late') return this.#late(samples, frame.timestamp, arrival.behind);
    return this.#hand(samples, frame, now, isFilled ? 0 : lost);
  }

  /**
   * A short loss is filled from the copy in the packet that tells of it or with what the decoder makes up, at once before that packet: better than what a phone can do with G.711, and the
   * decoder stays in step. A longer one stays a gap.
   * @returns false: there is nothing to make it up from
   */
  #conceal(frame: EncodedFrame, lost: number, now: number): boolean {
    for (let back = lost; back > 0; back--) {
      const samples = this.#decoder?.conceal(back === 1 ? frame : null) ?? null;
      if (samples === null) return false;
      const ticks = (samples.length * clockOf(frame.codec)) / this.#codec.sampleRateHz;
      const timestamp = (frame.timestamp - back * ticks) >>> 0;
      this.#hand(samples, { codec: frame.codec, timestamp }, now, 0);
    }
    this.#concealedFrom = (frame.sequence - lost) & 0xffff;
    this.#concealedBefore = frame.sequence;
    return true;
  }

  /** It comes late, and something has been heard in its place. */
  #isConcealed(sequence: number): boolean {
    const from = this.#concealedFrom;
    if (from === null) return false;
    return ((sequence - from) & 0xffff) < ((this.#concealedBefore - from) & 0xffff);
  }

  /** Codes the samples of a packet of the track for the phone and sends them, behind a hole of as many packets as are lost. */
  #hand(
    samples: Int16Array,
    frame: Pick<EncodedFrame, 'codec' | 'timestamp'>,
    now: number,
    lost: number,
  ): boolean {
    const timestamp = this.#timeline.track(frame.timestamp, now);
    if (timestamp === null) return false;
    this.#timeline.skip(Math.round((lost * samples.length) / this.#samplesPerPacket));
    if (frame.timestamp !== this.#nextTimestamp) this.#cutter.reset();
    const clockHz = clockOf(frame.codec);
    this.#nextTimestamp =
      (frame.timestamp + (samples.length * clockHz) / this.#codec.sampleRateHz) >>> 0;
    return this.#cut(samples, timestamp);
  }

  /** Every 20 ms: fills in when the track has been silent for long enough. */
  tick(now: number): void {
    const patienceMs = this.#isPausing ? fillAfterDtxMs : fillAfterStallMs;
    if (now - this.#heardAtMono < patienceMs) return;
    this.generate(this.#silence);
  }

  /** Sends samples of our own: a prompt, a tone, a mix. @param samples one tick's; they wait where the phone's packets are longer */
  generate(samples: Int16Array): void {
    if (this.#nextTimestamp !== null) this.#cutter.reset();
    this.#nextTimestamp = null;
    this.#cutter.cut(samples, (frame) =>
      this.#emit(this.#codec.encode(frame), this.#timeline.fill(this.#ticksPerPacket)),
    );
  }

  /** Sends a telephone event packet (RFC 4733) beside the audio. @param isFirst it begins an event */
  event(payload: Uint8Array, payloadType: number, isFirst: boolean): void {
    if (isFirst) this.#eventTimestamp = this.#timeline.next;
    const place = this.#timeline.beside(this.#eventTimestamp, isFirst);
    this.#emit(payload, place, payloadType);
  }

  /** What went out so far, as a report wants it; the stream null: nothing. */
  sent(): { readonly ssrc: number; readonly stream: SentStream | null } {
    const stream = {
      nowWall: this.#clock.nowWall(),
      timestamp: this.#timestampNow(),
      packets: this.#packets,
      payloadBytes: this.#payloadBytes,
    };
    return { ssrc: this.#ssrc, stream: this.#packets === 0 ? null : stream };
  }

  /** The RTP timestamp of this moment. */
  #timestampNow(): number {
    const sinceMs = this.#clock.nowMono() - this.#sentAtMono;
    return (this.#sentTimestamp + Math.round((sinceMs * this.#codec.clockRateHz) / 1_000)) >>> 0;
  }

  /** Of what `generate` takes, Hz. */
  get sampleRateHz(): number {
    return this.#codec.sampleRateHz;
  }

  /** Samples that `generate` takes with each tick. */
  get samplesPerTick(): number {
    return (this.#codec.sampleRateHz * tickMs) / 1_000;
  }

  #receptionFor(frame: EncodedFrame): Reception {
    this.#reception ??= new Reception(clockOf(frame.codec));
    return this.#reception;
  }

  /** A phone that speaks Opus gets the room's packets as they are, unless it asked for less. */
  #passOn(
    frame: EncodedFrame,
    arrival: Exclude<Arrival, { kind: 'duplicate' }>,
    now: number,
  ): boolean {
    const ticks = opusTicks(frame.payload);
    if (ticks === null) return false;
    if (arrival.kind === 'late') {
      const place = this.#timeline.late(frame.timestamp, arrival.behind);
      if (place !== null) this.#emit(frame.payload, place);
      return place !== null;
    }
    const timestamp = this.#timeline.track(frame.timestamp, now);
    if (timestamp === null) return false;
    if (arrival.kind === 'newer') this.#timeline.skip(arrival.lost);
    this.#emit(frame.payload, this.#timeline.place(timestamp, ticks));
    return true;
  }

  #cut(samples: Int16Array, timestamp: number): boolean {
    const ticksPerSample = this.#codec.clockRateHz / this.#codec.sampleRateHz;
    let frames = 0;
    this.#cutter.cut(samples, (frame, offset) => {
      frames++;
      const at = (timestamp + offset * ticksPerSample) >>> 0;
      this.#emit(this.#codec.encode(frame), this.#timeline.place(at, this.#ticksPerPacket));
    });
    return frames > 0;
  }

  #late(samples: Int16Array, timestamp: number, behind: number): boolean {
    if (!this.#cutter.isWhole(samples.length)) return false;
    const place = this.#timeline.late(timestamp, behind);
    if (place === null) return false;
    this.#emit(this.#codec.encode(samples), place);
    return true;
  }

  #emit(payload: Uint8Array, place: Place, payloadType = this.#payloadType): void {
    const buffer = this.#buffers[this.#buffer];
    this.#buffer = (this.#buffer + 1) % packetBuffers;
    if (buffer === undefined || payload.length > buffer.length - rtpHeaderBytes) return;
    const start = writeRtpHeader(buffer, {
      ...place,
      payloadType,
      ssrc: this.#ssrc,
    });
    buffer.set(payload, start);
    this.#packets++;
    this.#payloadBytes += payload.length;
    this.#sentTimestamp = place.timestamp;
    this.#sentAtMono = this.#clock.nowMono();
    this.#send(buffer.subarray(0, start + payload.length));
  }
}
