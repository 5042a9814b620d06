/**
 * The codecs of the phone side in one shape: bytes of one RTP packet to int16 mono samples and back. Scratch memory is reused, so
 * results are valid until the next call.
 */
import { mediaLimits } from '@callgate/shared/limits.ts';
import type { PhoneCodecName } from '../media-session.ts';
import { aLaw, type CompandingLaw, muLaw } from './g711.ts';
import type { OpusRateHz } from './opus.ts';

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

/** One call's codec. @throws RangeError for a codec that this node does not speak; negotiation offers none such. */
export function createPhoneCodec(name: PhoneCodecName): PhoneCodec {
  switch (name) {
    case 'PCMU':
      return new G711Codec(name, muLaw);
    case 'PCMA':
      return new G711Codec(name, aLaw);
    default:
      throw new RangeError(`${name} is not spoken here`);
  }
}
