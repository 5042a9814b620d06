import { describe, expect, it } from 'vitest';
import { listenFor, toneShare } from './goertzel.ts';
import { tone } from './tone.ts';

const sampleRateHz = 8_000;

function play(frequencyHz: number, ms: number, peak = 8_192): Int16Array {
  const samples = new Int16Array((ms * sampleRateHz) / 1_000);
  tone({ frequencyHz, sampleRateHz, peak })(samples);
  return samples;
}

describe('a tone', () => {
  it('is all of its own energy and none of another', () => {
    const samples = play(440, 100);
    expect(toneShare(samples, sampleRateHz, 440)).toBeGreaterThan(0.99);
    expect(toneShare(samples, sampleRateHz, 1_000)).toBeLessThan(0.01);
  });

  it('is found by its length and its start, behind silence', () => {
    const samples = new Int16Array([...new Int16Array(sampleRateHz / 2), ...play(440, 800)]);
    const heard = listenFor({ samples, sampleRateHz }, 440);
    expect(heard.toneMs).toBeGreaterThanOrEqual(760);
    expect(heard.firstMs).toBeGreaterThanOrEqual(480);
    expect(heard.firstMs).toBeLessThanOrEqual(520);
  });

  it('is not found in loud noise, nor in another tone, nor in silence', () => {
    let seed = 1;
    const noise = Int16Array.from({ length: sampleRateHz }, () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 65_536 - 16_384;
    });
    for (const samples of [noise, play(620, 1_000), new Int16Array(sampleRateHz)]) {
      expect(listenFor({ samples, sampleRateHz }, 440)).toMatchObject({ toneMs: 0, firstMs: null });
    }
  });

  it('counts when it is quiet, for loudness is not what is asked', () => {
    expect(listenFor({ samples: play(440, 1_000, 200), sampleRateHz }, 440).toneMs).toBe(1_000);
  });

  it('does not count under another one as loud', () => {
    const other = play(1_000, 1_000);
    const both = play(440, 1_000).map((sample, i) => (sample + (other[i] ?? 0)) / 2);
    expect(listenFor({ samples: both.slice(0, 800), sampleRateHz }, 440).toneMs).toBe(0);
  });
});
