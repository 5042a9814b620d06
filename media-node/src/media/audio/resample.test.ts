import { describe, expect, it } from 'vitest';
import { Resampler, resample } from './resample.ts';
import { addTone, toneShare } from './tone.ts';

function tone(rateHz: number, frequencyHz: number, samples = rateHz): Int16Array {
  const result = new Int16Array(samples);
  addTone(result, { frequencyHz, rateHz, amplitude: 10_000, fromSample: 0 });
  return result;
}

describe.each([
  [8_000, 16_000],
  [16_000, 8_000],
  [8_000, 48_000],
  [48_000, 8_000],
  [48_000, 16_000],
  [32_000, 16_000],
])('from %i to %i Hz', (from, to) => {
  it('keeps a tone, its length and its place', () => {
    const output = resample(tone(from, 1_000), from, to);
    expect(output.length).toBe(to);
    expect(toneShare(output, 1_000, to)).toBeGreaterThan(0.99);
    const expected = tone(to, 1_000);
    const middle = to / 2;
    for (let i = middle; i < middle + 40; i++) {
      expect(Math.abs((output[i] ?? 0) - (expected[i] ?? 0))).toBeLessThan(300);
    }
  });

  it('gives the same in frames as at once', () => {
    const input = tone(from, 440);
    const frames = new Resampler(from, to);
    const output: number[] = [];
    for (let at = 0; at < input.length; at += from / 50) {
      output.push(...frames.process(input.subarray(at, at + from / 50)));
    }
    const whole = new Resampler(from, to).process(input);
    // Rounding decides whether the very last sample is already due.
    const length = Math.min(whole.length, output.length);
    expect(output.slice(0, length)).toEqual([...whole.subarray(0, length)]);
    expect(Math.abs(output.length - to)).toBeLessThan(to / 50);
  });
});

it('removes what the lower rate cannot carry', () => {
  const output = resample(tone(16_000, 6_000), 16_000, 8_000);
  expect(Math.max(...output.subarray(100, -100))).toBeLessThan(100);
});
