import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readWav } from '../sounds/wav.ts';
import { G722Decoder, G722Encoder } from './g722.ts';
import { addTone, toneShare } from './tone.ts';

const rateHz = 16_000;

function there(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length / 2);
  new G722Encoder().encode(samples, bytes);
  return bytes;
}

function andBack(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length * 2);
  new G722Decoder().decode(bytes, samples);
  return samples;
}

function tone(frequencyHz: number, amplitude = 8_000): Int16Array {
  const samples = new Int16Array(rateHz);
  addTone(samples, { frequencyHz, rateHz, amplitude, fromSample: 0 });
  return samples;
}

describe('G.722', () => {
  it.each([300, 1_000, 3_400, 5_000, 7_000])(
    'keeps a tone of %i Hz and its level',
    (frequencyHz) => {
      const heard = andBack(there(tone(frequencyHz))).subarray(800);
      expect(toneShare(heard, frequencyHz, rateHz)).toBeGreaterThan(0.98);
      const power = heard.reduce((sum, sample) => sum + sample * sample, 0) / heard.length;
      expect(Math.abs(10 * Math.log10(power / (8_000 ** 2 / 2)))).toBeLessThan(1);
    },
  );

  it('is the delay of its filters late, 22 samples', () => {
    const sent = tone(1_000);
    const heard = andBack(there(sent));
    let [worst, power] = [0, 0];
    for (let i = 4_000; i < 8_000; i++) {
      const difference = (heard[i] ?? 0) - (sent[i - 22] ?? 0);
      worst += difference * difference;
      power += (sent[i - 22] ?? 0) ** 2;
    }
    expect(10 * Math.log10(power / worst)).toBeGreaterThan(20);
  });

  it('codes silence as silence', () => {
    const heard = andBack(there(new Int16Array(3_200)));
    expect(heard.every((sample) => Math.abs(sample) < 40)).toBe(true);
  });

  it('survives overload and noise without leaving its range', () => {
    const heard = andBack(there(tone(1_000, 60_000)));
    expect(Math.min(...heard)).toBeGreaterThanOrEqual(-32_768);
    let state = 1;
    const noise = Uint8Array.from({ length: 16_000 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
    expect(andBack(noise).length).toBe(32_000);
  });

  it('codes and decodes a prompt bit by bit as other implementations do (FFmpeg 5.1)', () => {
    const { samples } = readWav(
      readFileSync(new URL('../../../prompts/en/enter-pin.wav', import.meta.url)),
    );
    const bytes = there(samples.subarray(0, samples.length & ~1));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      '69975e50147a4b5640061f0cf261e4fd61df4764aabff12f91e7730163b2e6d3',
    );
  });
});
