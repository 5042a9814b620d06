import { describe, expect, it } from 'vitest';
import { addTone, toneShare } from './tone.ts';

const rateHz = 8_000;

function tones(...frequencies: readonly number[]): Int16Array {
  const samples = new Int16Array(800);
  for (const frequencyHz of frequencies) {
    addTone(samples, { frequencyHz, rateHz, amplitude: 8_000, fromSample: 0 });
  }
  return samples;
}

describe('tones', () => {
  it.each([
    ['the tone alone', tones(440), 440, 1],
    ['another tone', tones(440), 1_000, 0],
    ['one of two', tones(440, 1_000), 440, 0.5],
    ['silence', tones(), 440, 0],
  ])('share of %s', (_what, samples, frequencyHz, share) => {
    expect(toneShare(samples, frequencyHz, rateHz)).toBeCloseTo(share, 1);
  });

  it('joins frames without a step', () => {
    const frames = [0, 160, 320].map((fromSample) => {
      const frame = new Int16Array(160);
      addTone(frame, { frequencyHz: 440, rateHz, amplitude: 8_000, fromSample });
      return [...frame];
    });
    expect(toneShare(Int16Array.from(frames.flat()), 440, rateHz)).toBeGreaterThan(0.99);
  });

  it('clips instead of wrapping', () => {
    const samples = new Int16Array(80).fill(32_000);
    addTone(samples, { frequencyHz: 440, rateHz, amplitude: 8_000, fromSample: 0 });
    expect(Math.max(...samples)).toBe(32_767);
  });
});
