import { describe, expect, it } from 'vitest';
import { isOpusSilence, OpusDecoder, opusTicks } from './opus.ts';
import { OpusEncoder } from './opus-encoder.ts';

function tone(samples: number, rateHz: number, frequencyHz: number): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) =>
    Math.round(8_000 * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz)),
  );
}

describe.each([8_000, 16_000, 48_000] as const)('Opus at %i Hz', (rateHz) => {
  it.each([2.5, 5, 10, 20, 40, 60])('codes frames of %d ms without changing their length', (ms) => {
    const samples = (rateHz * ms) / 1_000;
    const packet = new OpusEncoder(rateHz).encode(tone(samples, rateHz, 440));
    expect(new OpusDecoder(rateHz).decode(packet)?.length).toBe(samples);
  });

  it('gives back the loudness of a tone', () => {
    const encoder = new OpusEncoder(rateHz);
    const decoder = new OpusDecoder(rateHz);
    const frame = rateHz / 50;
    const input = tone(frame * 20, rateHz, 440);
    const output: number[] = [];
    for (let at = 0; at < input.length; at += frame) {
      output.push(...(decoder.decode(encoder.encode(input.subarray(at, at + frame))) ?? []));
    }
    const power = (samples: ArrayLike<number>) =>
      Array.from(samples, (s) => s * s).reduce((a, b) => a + b, 0) / samples.length;
    const decibels = 10 * Math.log10(power(output.slice(frame * 2)) / power(input));
    expect(Math.abs(decibels)).toBeLessThan(1);
  });
});

describe('OpusDecoder', () => {
  it.each([
    ['nothing', []],
    ['a frame count without frames', [0xff, 0xff, 0xff]],
    ['a length past the end', [0x02, 0xff, 0xff]],
  ])('refuses %s and decodes on', (_what, bytes) => {
    const decoder = new OpusDecoder(8_000);
    expect(decoder.decode(Uint8Array.from(bytes))).toBeNull();
    expect(decoder.decode(new OpusEncoder(8_000).encode(new Int16Array(160)))?.length).toBe(160);
  });

  it('survives 20,000 packets of noise', () => {
    const decoder = new OpusDecoder(8_000);
    let state = 7;
    for (let i = 0; i < 20_000; i++) {
      const packet = Uint8Array.from({ length: i % 40 }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state >>> 24;
      });
      expect(decoder.decode(packet)?.length ?? 0).toBeLessThanOrEqual(960);
    }
  });
});

it.each([
  [[0xf8], true],
  [[0xf8, 0xff], true],
  [[0xf8, 0xff, 0xfe], false],
])('takes %j for silence: %s', (bytes, is) => {
  expect(isOpusSilence(Uint8Array.from(bytes))).toBe(is);
});

it.each([2.5, 5, 10, 20, 40, 60])('reads from the packet that it plays %d ms', (ms) => {
  expect(opusTicks(new OpusEncoder(48_000).encode(new Int16Array(48 * ms)))).toBe(48 * ms);
});

it.each([
  ['two frames of 20 ms', [0xf9, 0], 1_920],
  ['six frames of 20 ms', [0xfb, 6], 5_760],
  ['nothing', [], null],
  ['no frame at all', [0xfb, 0], null],
  ['more than 120 ms', [0xfb, 7], null],
  ['a frame count that is missing', [0xfb], null],
])('%s', (_what, bytes, ticks) => {
  expect(opusTicks(Uint8Array.from(bytes))).toBe(ticks);
});
