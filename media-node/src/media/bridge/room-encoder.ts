/** What our track in the room is made of: the phone's samples in the codec that the room client takes. */
import { OpusEncoder, type OpusRateHz, opusClockHz } from '../audio/opus.ts';
import { Resampler } from '../audio/resample.ts';
import type { RoomSendCodec } from '../room/room-client.ts';

export interface RoomEncoder {
  /** The payload of one frame; valid until the next call. */
  encode(samples: Int16Array): Uint8Array;
}

/** @param rateHz of the samples that it is given */
export function createRoomEncoder(codec: RoomSendCodec, rateHz: OpusRateHz): RoomEncoder {
  return codec === 'opus' ? new OpusEncoder(rateHz) : new SampleEncoder(rateHz);
}

/** Samples as they are, but for their rate. */
class SampleEncoder implements RoomEncoder {
  readonly #resampler: Resampler | null;

  constructor(rateHz: OpusRateHz) {
    this.#resampler = rateHz === opusClockHz ? null : new Resampler(rateHz, opusClockHz);
  }

  encode(samples: Int16Array): Uint8Array {
    const out = this.#resampler?.process(samples) ?? samples;
    return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  }
}
