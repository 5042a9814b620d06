/**
 * G.711: mu-law and A-law, one byte a sample at 8 kHz. Tables made once from the companding laws of ITU-T G.711 (segments and steps as in
 * G.191), so that coding is one look-up a sample. Pure.
 */

/** One of the two companding laws. */
export interface CompandingLaw {
  /** Writes as many bytes as there are samples. Samples are int16. */
  encode(samples: Int16Array, into: Uint8Array): void;
  /** Writes as many samples as there are bytes. */
  decode(bytes: Uint8Array, into: Int16Array): void;
  /** The byte of digital silence. */
  readonly silence: number;
}

/** Mu-law adds this to the magnitude (14 bit) so that every segment begins at a power of two. */
const muLawBias = 33;
const muLawMagnitudeMax = 0x1fff;

/** One mu-law byte for a 14 bit sample: sign, three bits of segment, four bits of step; all inverted. */
function muLawOf(sample14: number): number {
  const magnitude = Math.min(muLawMagnitudeMax, (sample14 < 0 ? ~sample14 : sample14) + muLawBias);
  const segment = 26 - Math.clz32(magnitude);
  const step = (magnitude >> (segment + 1)) & 0x0f;
  const sign = sample14 < 0 ? 0 : 0x80;
  return sign | ((7 - segment) << 4) | (0x0f - step);
}

function sampleOfMuLaw(byte: number): number {
  const inverted = ~byte & 0xff;
  const segment = (inverted >> 4) & 7;
  const magnitude = ((((inverted & 0x0f) << 1) + muLawBias) << segment) - muLawBias;
  return ((inverted & 0x80) !== 0 ? -magnitude : magnitude) * 4;
}

/** One A-law byte for a 12 bit sample: sign, three bits of segment, four bits of step; even bits inverted. */
function aLawOf(sample12: number): number {
  const magnitude = sample12 < 0 ? ~sample12 : sample12;
  const segment = Math.max(0, 28 - Math.clz32(magnitude));
  const step = segment === 0 ? magnitude : (magnitude >> (segment - 1)) & 0x0f;
  const sign = sample12 < 0 ? 0 : 0x80;
  return (sign | (segment << 4) | step) ^ 0x55;
}

function sampleOfALaw(byte: number): number {
  const plain = byte ^ 0x55;
  const segment = (plain >> 4) & 7;
  const step = ((plain & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return (plain & 0x80) !== 0 ? magnitude : -magnitude;
}

/** @param shift bits of an int16 that the law does not see */
function makeLaw(
  shift: number,
  byteOf: (shifted: number) => number,
  sampleOf: (byte: number) => number,
): CompandingLaw {
  const half = 1 << (15 - shift);
  const bytes = Uint8Array.from({ length: 2 * half }, (_, index) => byteOf(index - half));
  const samples = Int16Array.from({ length: 256 }, (_, byte) => sampleOf(byte));
  return {
    encode(input, into) {
      for (let i = 0; i < input.length; i++)
        into[i] = bytes[((input[i] ?? 0) >> shift) + half] ?? 0;
    },
    decode(input, into) {
      for (let i = 0; i < input.length; i++) into[i] = samples[input[i] ?? 0] ?? 0;
    },
    silence: byteOf(0),
  };
}

export const muLaw = makeLaw(2, muLawOf, sampleOfMuLaw);
export const aLaw = makeLaw(4, aLawOf, sampleOfALaw);
