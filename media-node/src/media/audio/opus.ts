/**
 * Opus (RFC 6716): decoding and reading packets; coding is in opus-encoder.ts. Encoder and decoder run at the rate of the other side of the bridge
 * (8 kHz for G.711): Opus decodes any stream at any of its rates, so nothing is resampled.
 */
import { Decoder } from '@evan/opus';

/** Rates that Opus codes at, Hz. */
export type OpusRateHz = 8_000 | 16_000 | 48_000;

/** RTP clock of Opus whatever it codes (RFC 7587 §4.1), Hz. */
export const opusClockHz = 48_000;

export class OpusDecoder {
  readonly #decoder: Decoder;
  /** What stands for a lost frame, and how many frames the last packet had; 0: nothing was decoded yet. */
  readonly #lostFrame = new Uint8Array(1);
  #framesPerPacket = 0;

  constructor(rateHz: OpusRateHz) {
    this.#decoder = new Decoder({ channels: 1, sample_rate: rateHz });
  }

  /** Decodes one packet to int16 mono samples; null: it is not Opus. */
  decode(packet: Uint8Array): Int16Array | null {
    // The binding takes no empty packet, and more than 120 ms of audio cannot be in one (RFC 6716 §3.2.5).
    if (packet.length === 0) return null;
    try {
      const bytes = this.#decoder.decode(packet);
      this.#lostFrame[0] = (packet[0] ?? 0) & 0xfc;
      this.#framesPerPacket = opusFrames(packet) ?? 0;
      return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
    } catch {
      // Hostile or damaged payload; the decoder's state is as it was.
      return null;
    }
  }

  /**
   * What the decoder makes up for a packet that is lost, as long as the one before; null: there was none before. A packet that holds a TOC byte alone tells
   * libopus that a frame was not received (RFC 6716 §3.1, §4.4); the binding has no other word for it.
   */
  conceal(): Int16Array | null {
    const frames = this.#framesPerPacket;
    const pieces: Int16Array[] = [];
    for (let i = 0; i < frames; i++) {
      const bytes = this.#decoder.decode(this.#lostFrame);
      pieces.push(new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1));
    }
    const [first] = pieces;
    if (first === undefined || frames === 1) return first ?? null;
    const whole = new Int16Array(frames * first.length);
    for (const [i, piece] of pieces.entries()) whole.set(piece, i * first.length);
    return whole;
  }
}

/** Frames in a packet; null: it is no Opus. RFC 6716 §3.2. */
function opusFrames(packet: Uint8Array): number | null {
  const [toc, second] = packet;
  if (toc === undefined) return null;
  const code = toc & 3;
  if (code === 3 && second === undefined) return null;
  return code === 0 ? 1 : code < 3 ? 2 : (second ?? 0) & 0x3f;
}

/** Whether an encoder has nothing to say (DTX): a packet of one or two bytes stands for silence. RFC 6716 §2.1.9. */
export function isOpusSilence(packet: Uint8Array): boolean {
  return packet.length <= 2;
}

/** Frame durations of the 32 configurations of a TOC byte, in samples at 48 kHz. RFC 6716 §3.1. */
function frameTicksOf(configuration: number): number {
  if (configuration < 12) return [480, 960, 1_920, 2_880][configuration % 4] ?? 960;
  if (configuration < 16) return configuration % 2 === 0 ? 480 : 960;
  return [120, 240, 480, 960][configuration % 4] ?? 960;
}

/** How long a packet plays, in ticks of 48 kHz; null: it is no Opus, or longer than 120 ms. RFC 6716 §3.2. */
export function opusTicks(packet: Uint8Array): number | null {
  const frames = opusFrames(packet) ?? 0;
  const ticks = frames * frameTicksOf((packet[0] ?? 0) >> 3);
  return frames > 0 && ticks <= 5_760 ? ticks : null;
}
