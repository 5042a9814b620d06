import { describe, expect, it } from 'vitest';
import { BoundedCache } from './bounded-cache.ts';

describe('a bounded cache', () => {
  it('drops what was used longest ago when the bytes of all pass its bound', () => {
    const cache = new BoundedCache<string>(10);
    cache.set('a', 'A', 4);
    cache.set('b', 'B', 4);
    expect(cache.get('a')).toBe('A');
    cache.set('c', 'C', 4);
    expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual(['A', undefined, 'C']);
    expect(cache.bytes).toBe(8);
  });

  it('never holds more than its bound, however much comes', () => {
    const cache = new BoundedCache<number>(1_000);
    for (let n = 0; n < 10_000; n += 1) {
      cache.set(`${n % 700}`, n, 1 + (n % 90));
      expect(cache.bytes).toBeLessThanOrEqual(1_000);
    }
  });

  it('counts a value that is set again once', () => {
    const cache = new BoundedCache<string>(10);
    cache.set('a', 'A', 4);
    cache.set('a', 'B', 6);
    expect(cache.get('a')).toBe('B');
    expect(cache.bytes).toBe(6);
  });

  it('keeps the newest when it is too large alone', () => {
    const cache = new BoundedCache<string>(10);
    cache.set('a', 'A', 4);
    cache.set('b', 'B', 40);
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, 'B']);
  });
});
