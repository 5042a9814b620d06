/**
 * The codecs of the phone side in one shape: bytes of one RTP packet to int16 mono samples and back. Scratch memory is reused, so
 * results are valid until the next call.
 */
import { mediaLimits } from '@callgate/shared/limits.ts';
import type { OpusWishes, PhoneCodecName } from '../media-session.ts';
import { aLaw, type CompandingLaw, muLaw } from './g711.ts';
import { G722Decoder, G722Encoder } from './g722.ts';
import { OpusDecoder, type OpusRateHz, opusClockHz } from './opus.ts';
import { OpusEncoder } from './opus-encoder.ts';

export interface PhoneCodec {
  readonly name: PhoneCodecName;
  /** Of its RTP timestamps, Hz. */
  readonly clockRateHz: number;
  /** Of its samples, Hz. */
  readonly sampleRateHz: OpusRateHz;
  /** Samples of one packet; null: the payload is damaged. */
  decode(payload: Uint8Array): Int16Array | null;
  /** The payload of one packet. */
  encode(samples: Int16Array): Uint8Array;
}

class G711Codec implements PhoneCodec {
  readonly name: PhoneCodecName;
  readonly clockRateHz = 8_000;
  readonly sampleRateHz = 8_000;
  readonly #law: CompandingLaw;
  readonly #samples = new Int16Array(mediaLimits.rtpPacketBytesMax);
  readonly #bytes = new Uint8Array(mediaLimits.rtpPacketBytesMax);

  constructor(name: PhoneCodecName, law: CompandingLaw) {
    this.name = name;
    this.#law = law;
  }

  decode(payload: Uint8Array): Int16Array {
    this.#law.decode(payload, this.#samples);
    return this.#samples.subarray(0, payload.length);
  }

  encode(samples: Int16Array): Uint8Array {
    this.#law.encode(samples, this.#bytes);
    return this.#bytes.subarray(0, samples.length);
  }
}

class G722Codec implements PhoneCodec {
  readonly name = 'G722';
  /** RFC 3551 §4.5.2 has it so since a mistake in its first edition: 8000, though there are 16,000 samples. */
  readonly clockRateHz = 8_000;
  readonly sampleRateHz = 16_000;
  readonly #encoder = new G722Encoder();
  readonly #decoder = new G722Decoder();
  readonly #samples = new Int16Array(2 * mediaLimits.rtpPacketBytesMax);
  readonly #bytes = new Uint8Array(mediaLimits.rtpPacketBytesMax);

  decode(payload: Uint8Array): Int16Array {
    this.#decoder.decode(payload, this.#samples);
    return this.#samples.subarray(0, 2 * payload.length);
  }

  encode(samples: Int16Array): Uint8Array {
    this.#encoder.encode(samples, this.#bytes);
    return this.#bytes.subarray(0, samples.length >> 1);
  }
}

/** Audio from and to the room passes through as it is, unless the phone asked for less; what is coded here are prompts, tones, mixes and other codecs' audio. */
class OpusCodec implements PhoneCodec {
  readonly name = 'opus';
  readonly clockRateHz = opusClockHz;
  readonly sampleRateHz = 16_000;
  readonly #encoder: OpusEncoder;
  readonly #decoder = new OpusDecoder(16_000);

  constructor(wishes: OpusWishes | null) {
    this.#encoder = new OpusEncoder(16_000, wishes);
  }

  decode(payload: Uint8Array): Int16Array | null {
    return this.#decoder.decode(payload);
  }

  encode(samples: Int16Array): Uint8Array {
    return this.#encoder.encode(samples);
  }
}

/** One call's codec. @param opus what the phone asks of Opus that it is sent; null: nothing, or another codec */
export function createPhoneCodec(name: PhoneCodecName, opus: OpusWishes | null = null): PhoneCodec {
  switch (name) {
    case 'PCMU':
      return new G711Codec(name, muLaw);
    case 'PCMA':
      return new G711Codec(name, aLaw);
    case 'G722':
      return new G722Codec();
    case 'opus':
      return new OpusCodec(opus);
    default:
      return name satisfies never;
  }
}
