/** Decodes a remote track, whatever codec its packets have, to int16 mono samples at one rate. */
import { aLaw, type CompandingLaw, muLaw } from '../audio/g711.ts';
import { type OpusRateHz, opusClockHz } from '../audio/opus.ts';
import { RepairingOpusDecoder } from '../audio/opus-repair.ts';
import { Resampler } from '../audio/resample.ts';
import type { EncodedFrame } from '../room/room.ts';

/** Samples of a G.711 track, Hz. */
const g711RateHz = 8_000;

/** The RTP clock of what a room sends, Hz. */
export function clockOf(codec: EncodedFrame['codec']): number {
  return codec === 'opus' || codec === 'L16' ? opusClockHz : g711RateHz;
}

export class TrackDecoder {
  readonly #rateHz: OpusRateHz;
  #opus: RepairingOpusDecoder | null = null;
  #resampler: Resampler | null = null;

  /** @param rateHz of the samples it gives */
  constructor(rateHz: OpusRateHz) {
    this.#rateHz = rateHz;
  }

  /** Samples of one packet; null: it is damaged or of a codec that no room sends us. */
  decode(frame: EncodedFrame): Int16Array | null {
    switch (frame.codec) {
      case 'opus':
        this.#opus ??= new RepairingOpusDecoder(this.#rateHz);
        return this.#opus.decode(frame.payload);
      case 'PCMU':
        return this.#expand(muLaw, frame.payload);
      case 'PCMA':
        return this.#expand(aLaw, frame.payload);
      case 'L16':
        return this.#lower(frame.payload);
      default:
        return null;
    }
  }

  #lower(payload: Uint8Array): Int16Array {
    const samples = new Int16Array(payload.length >> 1);
    new Uint8Array(samples.buffer).set(payload.subarray(0, 2 * samples.length));
    if (this.#rateHz === opusClockHz) return samples;
    this.#resampler ??= new Resampler(opusClockHz, this.#rateHz);
    return this.#resampler.process(samples);
  }

  /**
   * What stands for a lost packet of the codec heard last: its copy, where the packet behind it holds one, or what the decoder makes up; null: it has no way
   * to say.
   * @param next the packet right behind it, not decoded yet; null: that is lost, too
   */
  conceal(next: EncodedFrame | null): Int16Array | null {
    const copy = next?.codec === 'opus' ? (this.#opus?.recover(next.payload) ?? null) : null;
    return copy ?? this.#opus?.conceal() ?? null;
  }

  #expand(law: CompandingLaw, payload: Uint8Array): Int16Array {
    const samples = new Int16Array(payload.length);
    law.decode(payload, samples);
    if (this.#rateHz === g711RateHz) return samples;
    this.#resampler ??= new Resampler(g711RateHz, this.#rateHz);
    return this.#resampler.process(samples);
  }
}
