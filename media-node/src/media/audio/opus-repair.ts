/**
 * Opus that makes good for lost packets with the copy that the next packet may hold (in-band FEC, RFC 6716 §2.1.7): 12 to 20 dB nearer to what was said than
 * what a decoder makes up, and what follows is nearer, too, because the decoder has heard all of it.
 *
 * The binding that decodes everything (opus.ts) cannot ask for the copy; libopus as WebAssembly can, but takes a third longer for each packet. So the first
 * decodes until it matters. From the first packet that holds a copy on the last ten packets are kept, and the other decoder is made; at the first loss it decodes
 * those ten, by which it has come to where the first one is (measured: after ten no difference is left), and decodes the track from there on.
 */
import type { OpusDecoderHandle, SampleRate } from 'libopus-wasm';
import { OpusDecoder, type OpusRateHz, opusClockHz, opusTicks } from './opus.ts';

/** Packets from which a decoder finds its way. */
const recentMax = 10;

/** Decoders hold memory that no garbage collection sees. */
const abandoned = new FinalizationRegistry<OpusDecoderHandle>((decoder) => decoder.free());

export class RepairingOpusDecoder {
  readonly #rateHz: OpusRateHz & SampleRate;
  readonly #plain: OpusDecoder;
  /** The last packets, oldest first; null: none has held a copy yet. */
  #recent: Uint8Array[] | null = null;
  #repairing: OpusDecoderHandle | null = null;
  #isTakenOver = false;
  /** Of the last packet, at our rate. */
  #packetSamples = 0;

  constructor(rateHz: OpusRateHz) {
    this.#rateHz = rateHz;
    this.#plain = new OpusDecoder(rateHz);
  }

  /** Whether copies can be made use of by now. */
  get canRepair(): boolean {
    return this.#repairing !== null;
  }

  /** Decodes one packet to int16 mono samples; null: it is not Opus. */
  decode(packet: Uint8Array): Int16Array | null {
    if (this.#recent === null && hasCopy(packet)) this.#prepare();
    const repairing = this.#isTakenOver ? this.#repairing : null;
    const samples =
      repairing === null ? this.#plain.decode(packet) : attempt(() => repairing.decode(packet));
    if (samples === null) return null;
    this.#packetSamples = samples.length;
    if (this.#recent === null || repairing !== null) return samples;
    this.#recent.push(Uint8Array.from(packet));
    if (this.#recent.length > recentMax) this.#recent.shift();
    return samples;
  }

  /** The packet that was lost right before `next`, which has not been decoded yet; null: there is no copy. */
  recover(next: Uint8Array): Int16Array | null {
    const repairing = this.#repairing;
    const ticks = opusTicks(next);
    if (repairing === null || ticks === null || !hasCopy(next)) return null;
    if (!this.#isTakenOver && (this.#recent?.length ?? 0) < recentMax) return null;
    for (const packet of this.#recent?.splice(0) ?? []) attempt(() => repairing.decode(packet));
    this.#isTakenOver = true;
    const frameSize = (ticks * this.#rateHz) / opusClockHz;
    return attempt(() => repairing.decode(next, { decodeFec: true, frameSize }));
  }

  /** What the decoder makes up for a packet that is lost, as long as the one before; null: there was none before. */
  conceal(): Int16Array | null {
    const repairing = this.#isTakenOver ? this.#repairing : null;
    if (repairing === null) return this.#plain.conceal();
    return attempt(() => repairing.decodePacketLoss(this.#packetSamples));
  }

  #prepare(): void {
    this.#recent = [];
    makeDecoder(this.#rateHz).then(
      (decoder) => {
        this.#repairing = decoder;
        abandoned.register(this, decoder);
      },
      // Without it a loss is made up for as before.
      () => {},
    );
  }
}

/** Loaded when it is needed first: most tracks have no copies. */
async function makeDecoder(sampleRate: SampleRate): Promise<OpusDecoderHandle> {
  const { createDecoder } = await import('libopus-wasm');
  return createDecoder({ sampleRate, channels: 1 });
}

/** Samples; null: hostile or damaged payload, the decoder's state is as it was. */
function attempt(decode: () => Int16Array): Int16Array | null {
  try {
    return decode();
  } catch {
    return null;
  }
}

/**
 * Whether a packet of one frame holds a copy of the one before: the LBRR flag, behind a VAD flag for each 20 ms. RFC 6716 §4.2.3; only the speech mode,
 * alone or below CELT, has them. Packets of several frames are passed over: nobody sends them with copies.
 */
export function hasCopy(packet: Uint8Array): boolean {
  const [toc, first] = packet;
  if (toc === undefined || first === undefined) return false;
  const configuration = toc >> 3;
  const isStereo = (toc & 4) !== 0;
  if (configuration >= 16 || (toc & 3) !== 0) return false;
  const vadFlags = Math.max(1, (opusTicks(packet) ?? 0) / 960);
  const isSet = (bit: number) => ((first >> (7 - bit)) & 1) === 1;
  return isSet(vadFlags) || (isStereo && isSet(2 * vadFlags + 1));
}
