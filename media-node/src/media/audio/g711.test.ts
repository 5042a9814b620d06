import { describe, expect, it } from 'vitest';
import { aLaw, muLaw } from './g711.ts';

function encode(law: typeof muLaw, sample: number): number {
  const into = new Uint8Array(1);
  law.encode(Int16Array.of(sample), into);
  return into[0] ?? -1;
}

function decode(law: typeof muLaw, byte: number): number {
  const into = new Int16Array(1);
  law.decode(Uint8Array.of(byte), into);
  return into[0] ?? Number.NaN;
}

describe('mu-law (ITU-T G.711 table 2)', () => {
  it.each([
    [0xff, 0],
    [0x7f, 0],
    [0xfe, 8],
    [0x7e, -8],
    [0xef, 132],
    [0x80, 32_124],
    [0x00, -32_124],
    [0x8f, 16_764],
    [0xc0, 1_884],
  ])('decodes %i to %i', (byte, sample) => {
    expect(decode(muLaw, byte)).toBe(sample);
  });

  it.each([
    [0, 0xff],
    [-1, 0x7f],
    [32_767, 0x80],
    [-32_768, 0x00],
    [132, 0xef],
  ])('encodes %i', (sample, byte) => {
    expect(encode(muLaw, sample)).toBe(byte);
  });
});

describe('A-law (ITU-T G.711 table 1)', () => {
  it.each([
    [0xd5, 8],
    [0x55, -8],
    [0xaa, 32_256],
    [0x2a, -32_256],
    [0xc5, 264],
    [0x80, 5_504],
  ])('decodes %i to %i', (byte, sample) => {
    expect(decode(aLaw, byte)).toBe(sample);
  });

  it.each([
    [0, 0xd5],
    [-1, 0x55],
    [32_767, 0xaa],
    [-32_768, 0x2a],
    [264, 0xc5],
  ])('encodes %i', (sample, byte) => {
    expect(encode(aLaw, sample)).toBe(byte);
  });
});

describe.each([
  ['mu-law', muLaw, 0x7f],
  ['A-law', aLaw, -1],
])('%s', (_name, law, secondZero) => {
  it('gives back every byte that it decoded', () => {
    for (let byte = 0; byte < 256; byte++) {
      // Mu-law has two bytes for zero; the negative one comes back as the positive.
      if (byte === secondZero) continue;
      expect(encode(law, decode(law, byte))).toBe(byte);
    }
  });

  it('is never further from a sample than half its widest step', () => {
    for (let sample = -32_000; sample <= 32_000; sample += 37) {
      const error = Math.abs(decode(law, encode(law, sample)) - sample);
      expect(error).toBeLessThanOrEqual(Math.max(16, Math.abs(sample) / 16));
    }
  });

  it('has a byte for silence', () => {
    expect(Math.abs(decode(law, law.silence))).toBeLessThanOrEqual(8);
  });
});
