/**
 * What our track in the room is made of: Opus, samples for a client that codes itself, or G.711 where the phone's packets pass through. The last also codes
 * what a phone says that has changed its codec in the middle of a call; the track stays what it is.
 */
import { aLaw, type CompandingLaw, muLaw } from '../audio/g711.ts';
import { type OpusRateHz, opusClockHz } from '../audio/opus.ts';
import { OpusEncoder } from '../audio/opus-encoder.ts';
import { Resampler } from '../audio/resample.ts';
import type { PhoneCodecName, RoomAudio } from '../media-session.ts';
import type { RoomSendCodec } from '../room/room.ts';

export interface RoomEncoder {
  /** RTP clock of our track, Hz. */
  readonly clockHz: number;
  /** Lengths of frames that can be coded, samples; null: any length is a frame. */
  readonly frameLengths: readonly number[] | null;
  /** One frame; valid until the next call. */
  encode(samples: Int16Array): Uint8Array;
}

/** Durations that Opus codes, ms (RFC 6716 §2.1.4). */
const opusFramesMs = [60, 40, 20, 10, 5, 2.5];
/** Of G.711, samples and RTP clock alike, Hz. */
const g711RateHz = 8_000;
/** 120 ms: more than any packet holds. */
const g711FrameSamplesMax = 960;

/**
 * What our track is to be.
 * @param phone what the phone speaks; null: not known yet (late offer)
 * @param taken what the room client takes, its own choice first
 */
export function roomCodecFor(
  phone: PhoneCodecName | null,
  roomAudio: RoomAudio,
  taken: readonly RoomSendCodec[],
): RoomSendCodec {
  const passed = roomAudio === 'pass-through' ? taken.find((codec) => codec === phone) : undefined;
  return passed ?? taken[0] ?? 'opus';
}

/** RTP clock of a track, Hz. */
export function roomClockHz(codec: RoomSendCodec): number {
  return codec === 'PCMU' || codec === 'PCMA' ? g711RateHz : opusClockHz;
}

/** @param rateHz of the samples it is given */
export function createRoomEncoder(codec: RoomSendCodec, rateHz: OpusRateHz): RoomEncoder {
  switch (codec) {
    case 'opus':
      return new OpusRoomEncoder(rateHz);
    case 'L16':
      return new SampleEncoder(rateHz);
    case 'PCMU':
      return new G711RoomEncoder(muLaw, rateHz);
    case 'PCMA':
      return new G711RoomEncoder(aLaw, rateHz);
    default:
      return codec satisfies never;
  }
}

class OpusRoomEncoder implements RoomEncoder {
  readonly clockHz = opusClockHz;
  readonly frameLengths: readonly number[];
  readonly #encoder: OpusEncoder;

  constructor(rateHz: OpusRateHz) {
    this.frameLengths = frameLengthsAt(rateHz);
    this.#encoder = new OpusEncoder(rateHz);
  }

  encode(samples: Int16Array): Uint8Array {
    return this.#encoder.encode(samples);
  }
}

class G711RoomEncoder implements RoomEncoder {
  readonly clockHz = g711RateHz;
  readonly frameLengths = null;
  readonly #law: CompandingLaw;
  readonly #resampler: Resampler | null;
  readonly #bytes = new Uint8Array(g711FrameSamplesMax);

  constructor(law: CompandingLaw, rateHz: number) {
    this.#law = law;
    this.#resampler = rateHz === g711RateHz ? null : new Resampler(rateHz, g711RateHz);
  }

  encode(samples: Int16Array): Uint8Array {
    const narrow = (this.#resampler?.process(samples) ?? samples).subarray(0, g711FrameSamplesMax);
    this.#law.encode(narrow, this.#bytes);
    return this.#bytes.subarray(0, narrow.length);
  }
}

/** Samples as they are, but for their rate. */
class SampleEncoder implements RoomEncoder {
  readonly clockHz = opusClockHz;
  readonly frameLengths: readonly number[];
  readonly #resampler: Resampler | null;

  constructor(rateHz: OpusRateHz) {
    this.frameLengths = frameLengthsAt(rateHz);
    this.#resampler = rateHz === opusClockHz ? null : new Resampler(rateHz, opusClockHz);
  }

  encode(samples: Int16Array): Uint8Array {
    const out = this.#resampler?.process(samples) ?? samples;
    return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  }
}

function frameLengthsAt(rateHz: number): readonly number[] {
  return opusFramesMs.map((ms) => (rateHz * ms) / 1_000);
}
