/**
 * The direction from the phone to the room: each packet is decoded, coded again and handed on at once, with mapped timestamps and
 * sequence numbers that keep the gaps. No buffer: the listener's own jitter buffer sees loss, reorder and spacing as they were on the
 * phone's side, and does its work once.
 */
import { randomInt } from 'node:crypto';
import { levelDbov } from '../audio/level.ts';
import { OpusDecoder, opusClockHz, opusTicks } from '../audio/opus.ts';
import type { PhoneCodec } from '../audio/phone-codec.ts';
import type { EncodedFrame } from '../room/room.ts';
import type { RoomSendCodec } from '../room/room-client.ts';
import type { Arrival } from '../rtp/reception.ts';
import type { RtpPacket } from '../rtp/rtp-packet.ts';
import { TimestampMap } from '../rtp/timestamp-map.ts';
import { FrameCutter } from './frame-cutter.ts';
import { createRoomEncoder, type RoomEncoder } from './room-encoder.ts';

/** Takes a frame for the room; it is valid during the call. */
export type RoomSender = (frame: EncodedFrame, audioLevelDbov: number) => void;

/** Durations that Opus codes, ms (RFC 6716 §2.1.4). */
const opusFramesMs = [60, 40, 20, 10, 5, 2.5];

/** The one frame object, filled again for each packet. */
interface ReusedFrame extends EncodedFrame {
  payload: Uint8Array;
  timestamp: number;
  sequence: number;
  marker: boolean;
}

export class PhoneToRoom {
  #codec: PhoneCodec;
  readonly #send: RoomSender;
  readonly #roomCodec: RoomSendCodec;
  #encoder: RoomEncoder;
  readonly #timestamps: TimestampMap;
  #cutter: FrameCutter;
  readonly #frame: ReusedFrame;
  /** Sequence number of the newest frame sent, not yet cut to 16 bit. */
  #newest = randomInt(0x8000);
  /** Frames that the last packet became: what a lost one would have become. */
  #framesPerPacket = 1;
  #levelDecoder: OpusDecoder | null = null;
  /** RTP timestamp that follows on the last packet without a pause. */
  #nextTimestamp = 0;

  /** @param roomCodec what the room client takes */
  constructor(codec: PhoneCodec, send: RoomSender, roomCodec: RoomSendCodec = 'opus') {
    this.#codec = codec;
    this.#send = send;
    this.#roomCodec = roomCodec;
    this.#frame = {
      codec: roomCodec,
      ssrc: 0,
      payload: new Uint8Array(0),
      timestamp: 0,
      sequence: 0,
      marker: false,
    };
    this.#encoder = createRoomEncoder(roomCodec, codec.sampleRateHz);
    this.#timestamps = new TimestampMap({
      inputClockHz: codec.clockRateHz,
      outputClockHz: opusClockHz,
      start: randomInt(2 ** 32),
    });
    this.#cutter = cutterFor(codec);
  }

  /** The phone speaks another codec from now on; the room's track goes on. */
  setCodec(codec: PhoneCodec): void {
    if (codec.sampleRateHz !== this.#codec.sampleRateHz) {
      this.#encoder = createRoomEncoder(this.#roomCodec, codec.sampleRateHz);
      this.#cutter = cutterFor(codec);
    }
    this.#codec = codec;
    this.#timestamps.restart(codec.clockRateHz);
  }

  /** Takes one audio packet of the phone. @param now ms on the monotonic clock */
  packet(packet: RtpPacket, arrival: Arrival, now: number): void {
    if (arrival.kind === 'duplicate') return;
    if (this.#codec.name === 'opus' && this.#roomCodec === 'opus')
      return this.#passOn(packet, arrival, now);
    const samples = this.#codec.decode(packet.payload);
    if (samples === null || samples.length === 0) return;
    if (arrival.kind === 'late') return this.#late(packet, arrival.behind, samples);

    if (arrival.kind === 'restart') this.#timestamps.restart(this.#codec.clockRateHz);
    else this.#newest += arrival.lost * this.#framesPerPacket;
    const isPause = packet.timestamp !== this.#nextTimestamp;
    if (isPause || arrival.kind === 'restart') this.#cutter.reset();
    const ticks = (samples.length * this.#codec.clockRateHz) / this.#codec.sampleRateHz;
    this.#nextTimestamp = (packet.timestamp + ticks) >>> 0;

    const timestamp = this.#timestamps.forward(packet.timestamp, now);
    const opusTicks = opusClockHz / this.#codec.sampleRateHz;
    const level = levelDbov(samples);
    const before = this.#newest;
    this.#cutter.cut(samples, (frame, offset) => {
      const marker = this.#newest === before && (packet.marker || arrival.kind === 'restart');
      this.#newest++;
      this.#emit(
        this.#encoder.encode(frame),
        timestamp + offset * opusTicks,
        this.#newest,
        marker,
        level,
      );
    });
    this.#framesPerPacket = Math.max(1, this.#newest - before);
  }

  /** Opus from the phone is Opus for the room; it is decoded for its level only, at the lowest rate. */
  #passOn(packet: RtpPacket, arrival: Exclude<Arrival, { kind: 'duplicate' }>, now: number): void {
    if (opusTicks(packet.payload) === null) return;
    this.#levelDecoder ??= new OpusDecoder(8_000);
    const samples = this.#levelDecoder.decode(packet.payload);
    if (samples === null) return;
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

  /** A packet that was overtaken goes where it belongs, if it is one frame; what was cut cannot be put back together. */
  #late(packet: RtpPacket, behind: number, samples: Int16Array): void {
    const timestamp = this.#timestamps.late(packet.timestamp);
    if (timestamp === null || !this.#cutter.isWhole(samples.length)) return;
    const payload = this.#encoder.encode(samples);
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

function cutterFor(codec: PhoneCodec): FrameCutter {
  return new FrameCutter(opusFramesMs.map((ms) => (codec.sampleRateHz * ms) / 1_000));
}
