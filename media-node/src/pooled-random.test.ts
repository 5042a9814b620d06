import { describe, expect, it } from 'vitest';
import { pooledRandom } from './pooled-random.ts';

describe('pooled random bytes', () => {
  it('are as many as were asked for, and never the same twice', () => {
    const random = pooledRandom();
    const drawn = Array.from({ length: 2_000 }, () => random(12));
    expect(drawn.every((bytes) => bytes.length === 12)).toBe(true);
    expect(new Set(drawn.map((bytes) => bytes.toString('hex'))).size).toBe(2_000);
    expect(random(10_000).length).toBe(10_000);
  });

  it('stay as they were given out', () => {
    const random = pooledRandom();
    const first = random(12);
    const before = first.toString('hex');
    for (let draw = 0; draw < 2_000; draw += 1) random(12);
    expect(first.toString('hex')).toBe(before);
  });
});
