/** Coding Opus (RFC 6716): toward the room as we like it, toward a phone as it asks (RFC 7587 §6.1). */
import { Encoder } from '@evan/opus';
import type { OpusWishes } from '../media-session.ts';
import type { OpusRateHz } from './opus.ts';

/**
 * Bits per second, where ViSQOL sees no difference to more (for telephone audio 4.69 of 4.79 that G.711 alone has); the packets are small against their headers
 * anyway.
 */
const bitRates: Readonly<Record<OpusRateHz, number>> = {
  8000: 32_000,
  16000: 48_000,
  48000: 64_000,
};

/**
 * CELT alone looks 2.5 ms ahead where the speech mode looks 6.5 ms, and codes telephone audio in a quarter of the time. At these rates neither the mode nor
 * a higher complexity is heard.
 */
const complexity = 1;

/** Below it CELT alone is heard, and the speech mode is worth its time, bits per second. */
const speechModeBelow = 24_000;

/** The least complexity at which libopus adds copies of the packet before. */
const copyComplexity = 2;
/** Loss that the encoder is told to expect, percent: with less it adds no copies at these rates. */
const expectedLossPercent = 10;

export class OpusEncoder {
  readonly #encoder: Encoder;

  /** @param wishes of the phone that it is for; null: it is for the room */
  constructor(rateHz: OpusRateHz, wishes: OpusWishes | null = null) {
    const bitRate = Math.min(bitRates[rateHz], wishes?.maxAverageBitRate ?? bitRates[rateHz]);
    // CELT tells no pauses without a costly analysis, and has no copies of the packet before.
    const isSpeechMode = bitRate < speechModeBelow || wishes?.usesDtx === true;
    this.#encoder = new Encoder({
      channels: 1,
      sample_rate: rateHz,
      application: isSpeechMode ? 'voip' : 'restricted_lowdelay',
    });
    this.#encoder.bitrate = bitRate;
    this.#encoder.complexity = complexity;
    if (wishes === null) return;
    this.#encoder.vbr = !wishes.isConstantRate;
    this.#encoder.dtx = wishes.usesDtx;
    this.#encoder.max_bandwidth = bandwidthOf(wishes.maxPlaybackRateHz);
    if (!isSpeechMode || !wishes.usesFec) return;
    this.#encoder.complexity = copyComplexity;
    this.#encoder.inband_fec = true;
    this.#encoder.packet_loss = expectedLossPercent;
  }

  /**
   * Codes one frame.
   * @param samples int16 mono; 2.5, 5, 10, 20, 40 or 60 ms of them
   * @throws when the length is none of these: the caller cuts frames
   */
  encode(samples: Int16Array): Uint8Array {
    return this.#encoder.encode(samples);
  }
}

/** The widest band that is heard at a rate of samples. RFC 7587 §3.1.1. */
function bandwidthOf(
  playbackRateHz: number,
): 'narrowband' | 'mediumband' | 'wideband' | 'fullband' {
  if (playbackRateHz < 12_000) return 'narrowband';
  if (playbackRateHz < 16_000) return 'mediumband';
  return playbackRateHz < 24_000 ? 'wideband' : 'fullband';
}
