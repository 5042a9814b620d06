/**
 * The direction from the phone to the room: each packet is decoded, coded again and handed on at once, or passed on as it is when the phone speaks what
 * our track is, with mapped timestamps and sequence numbers that keep the gaps. No buffer: the listener's own jitter buffer sees loss, reorder and spacing as they were on the
 * phone's side, and does its work once.
 */
import { randomInt } from 'node:crypto';
import { levelDbov } from '../audio/level.ts';
import { OpusDecoder, opusTicks } from '../audio/opus.ts';
import type { PhoneCodec } from '../audio/phone-codec.ts';
import type { EncodedFrame, RoomSendCodec } from '../room/room.ts';
import type { Arrival } from '../rtp/reception.ts';
import type { RtpPacket } from '../rtp/rtp-packet.ts';
import { TimestampMap } from '../rtp/timestamp-map.ts';
import { FrameCutter, type FrameTaker } from './frame-cutter.ts';
import { createRoomEncoder, type RoomEncoder, roomClockHz } from './room-encoder.ts';

/** Takes a frame for the room; it is valid during the call. */
export type RoomSender = (frame: EncodedFrame, audioLevelDbov: number) => void;

/** The one frame object, filled again for each packet. */
interface ReusedFrame extends EncodedFrame {
  readonly codec: RoomSendCodec;
  payload: Uint8Array;
  timestamp: number;
  sequence: number;
  marker: boolean;
}

export class PhoneToRoom {
  #codec: PhoneCodec;
  readonly #send: RoomSender;
  readonly #roomCodec: RoomSendCodec;
  /** null: nothing had to be coded yet. */
  #encoder: RoomEncoder | null = null;
  readonly #timestamps: TimestampMap;
  #cutter: FrameCutter | null = null;
  readonly #frame: ReusedFrame;
  /** Sequence number of the newest frame sent, not yet cut to 16 bit. */
  #newest = randomInt(0x8000);
  /** Frames that the last packet became: what a lost one would have become. */
  #framesPerPacket = 1;
  #levelDecoder: OpusDecoder | null = null;
  /** RTP timestamp that follows on the last packet without a pause. */
  #nextTimestamp = 0;

  /** @param roomCodec what our track in the room is */
  constructor(codec: PhoneCodec, roomCodec: RoomSendCodec, send: RoomSender) {
    this.#codec = codec;
    this.#roomCodec = roomCodec;
    this.#send = send;
    this.#timestamps = new TimestampMap({
      inputClockHz: codec.clockRateHz,
      outputClockHz: roomClockHz(roomCodec),
      start: randomInt(2 ** 32),
    });
    this.#frame = {
      codec: roomCodec,
      ssrc: 0,
      payload: new Uint8Array(0),
      timestamp: 0,
      sequence: 0,
      marker: false,
    };
  }

  /** The phone speaks another codec from now on; the room's track goes on. */
  setCodec(codec: PhoneCodec): void {
    if (codec.sampleRateHz !== this.#codec.sampleRateHz) {
      this.#encoder = null;
      this.#cutter = null;
    }
    this.#codec = codec;
    this.#timestamps.restart(codec.clockRateHz);
  }

  /** Takes one audio packet of the phone. @param now ms on the monotonic clock */
  packet(packet: RtpPacket, arrival: Arrival, now: number): void {
    if (arrival.kind === 'duplicate') return;
    if (this.#codec.name === this.#roomCodec) return this.#passOn(packet, arrival, now);
    const samples = this.#codec.decode(packet.payload);
    if (samples === null || samples.length === 0) return;
    if (arrival.kind === 'late') return this.#late(packet, arrival.behind, samples);

    if (arrival.kind === 'restart') this.#timestamps.restart(this.#codec.clockRateHz);
    else this.#newest += arrival.lost * this.#framesPerPacket;
    const isPause = packet.timestamp !== this.#nextTimestamp;
    if (isPause || arrival.kind === 'restart') this.#cutter?.reset();
    const ticks = (samples.length * this.#codec.clockRateHz) / this.#codec.sampleRateHz;
    this.#nextTimestamp = (packet.timestamp + ticks) >>> 0;

    const timestamp = this.#timestamps.forward(packet.timestamp, now);
    const encoder = this.#encoderNow();
    const ticksPerSample = encoder.clockHz / this.#codec.sampleRateHz;
    const level = levelDbov(samples);
    const before = this.#newest;
    this.#cut(samples, (frame, offset) => {
      const marker = this.#newest === before && (packet.marker || arrival.kind === 'restart');
      this.#newest++;
      const at = timestamp + Math.round(offset * ticksPerSample);
      this.#emit(encoder.encode(frame), at, this.#newest, marker, level);
    });
    this.#framesPerPacket = Math.max(1, this.#newest - before);
  }

  #encoderNow(): RoomEncoder {
    this.#encoder ??= createRoomEncoder(this.#roomCodec, this.#codec.sampleRateHz);
    return this.#encoder;
  }

  /** Frames as the encoder takes them. */
  #cut(samples: Int16Array, take: FrameTaker): void {
    const { frameLengths } = this.#encoderNow();
    if (frameLengths === null) return take(samples, 0);
    this.#cutter ??= new FrameCutter(frameLengths);
    this.#cutter.cut(samples, take);
  }

  /** What the phone speaks is what our track is: the packet as it came. It is decoded for its level only, Opus at the lowest rate. */
  #passOn(packet: RtpPacket, arrival: Exclude<Arrival, { kind: 'duplicate' }>, now: number): void {
    const samples = this.#decodeForLevel(packet.payload);
    if (samples === null || samples.length === 0) return;
    const level = levelDbov(samples);
    if (arrival.kind === 'late') {
      const timestamp = this.#timestamps.late(packet.timestamp);
      if (timestamp === null) return;
      return this.#emit(packet.payload, timestamp, this.#newest - arrival.behind, false, level);
    }
    if (arrival.kind === 'restart') this.#timestamps.restart(this.#codec.clockRateHz);
    else this.#newest += arrival.lost;
    this.#framesPerPacket = 1;
    this.#newest++;
    const timestamp = this.#timestamps.forward(packet.timestamp, now);
    const marker = packet.marker || arrival.kind === 'restart';
    this.#emit(packet.payload, timestamp, this.#newest, marker, level);
  }

  #decodeForLevel(payload: Uint8Array): Int16Array | null {
    if (this.#codec.name !== 'opus') return this.#codec.decode(payload);
    if (opusTicks(payload) === null) return null;
    this.#levelDecoder ??= new OpusDecoder(8_000);
    return this.#levelDecoder.decode(payload);
  }

  /** A packet that was overtaken goes where it belongs, if it is one frame; what was cut cannot be put back together. */
  #late(packet: RtpPacket, behind: number, samples: Int16Array): void {
    const timestamp = this.#timestamps.late(packet.timestamp);
    if (timestamp === null || this.#cutter?.isWhole(samples.length) === false) return;
    const payload = this.#encoderNow().encode(samples);
    this.#emit(payload, timestamp, this.#newest - behind, false, levelDbov(samples));
  }

  #emit(
    payload: Uint8Array,
    timestamp: number,
    sequence: number,
    marker: boolean,
    levelDbov: number,
  ): void {
    const frame = this.#frame;
    frame.payload = payload;
    frame.timestamp = timestamp >>> 0;
    frame.sequence = sequence & 0xffff;
    frame.marker = marker;
    this.#send(frame, levelDbov);
  }
}
