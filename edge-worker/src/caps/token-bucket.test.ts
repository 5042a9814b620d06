import { describe, expect, it } from 'vitest';
import { refill } from './token-bucket.ts';

const size = { perSecond: 2, burst: 5 };

describe('a token bucket', () => {
  it('is full at first', () => {
    expect(refill(null, size, 7)).toEqual({ tokens: 5, atMs: 7 });
  });

  it('fills by the rate, and never above the burst', () => {
    expect(refill({ tokens: 0, atMs: 0 }, size, 1_500).tokens).toBe(3);
    expect(refill({ tokens: 0, atMs: 0 }, size, 60_000).tokens).toBe(5);
  });

  it('gains nothing from a clock that goes back', () => {
    expect(refill({ tokens: 1, atMs: 5_000 }, size, 1_000).tokens).toBe(1);
  });

  it('is cut down when the burst was lowered', () => {
    expect(refill({ tokens: 50, atMs: 0 }, size, 0).tokens).toBe(5);
  });
});
