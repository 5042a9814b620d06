import { describe, expect, it } from 'vitest';
import { BurstDetector, bursts } from './burst.ts';

describe('bursts', () => {
  it('begin every two seconds and are told when they are made', () => {
    let made = 0;
    const says = bursts(8_000, () => {
      made += 1;
    });
    const samples = new Int16Array(160);
    for (let i = 0; i < 250; i++) says(samples);
    expect(made).toBe(3);
  });

  it('are heard at their first loud sample, once', () => {
    const heard: number[] = [];
    const detector = new BurstDetector(8_000, (at) => heard.push(at));
    const frame = new Int16Array(160).fill(8_000, 80);
    const before = performance.now();
    detector.hear(new Int16Array(160));
    detector.hear(frame);
    detector.hear(new Int16Array(160).fill(8_000));
    expect(heard).toHaveLength(1);
    expect((heard[0] ?? 0) - before).toBeGreaterThanOrEqual(10);
    expect(heard[0]).toBeLessThanOrEqual(performance.now() + 10);
  });
});
