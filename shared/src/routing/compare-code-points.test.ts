import { describe, expect, it } from 'vitest';
import { compareCodePoints } from './compare-code-points.ts';

describe('compareCodePoints', () => {
  it.each([
    ['a', 'b'],
    ['a', 'aa'],
    ['', 'a'],
    ['Z', 'a'],
    // UTF-16 would put the surrogates of the second one first.
    ['\u{ff5e}', '\u{1f600}'],
  ])('puts %j before %j', (first, second) => {
    expect(compareCodePoints(first, second)).toBeLessThan(0);
    expect(compareCodePoints(second, first)).toBeGreaterThan(0);
    expect(compareCodePoints(first, first)).toBe(0);
  });
});
