import { webhookLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { retryAfterS, retryWaitS } from './retry-wait.ts';

const { retriesS, retryMaxS } = webhookLimits;

describe('the wait for the next try', () => {
  it('grows with the tries and stays within what a queue can wait', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => retryWaitS(n, null, retriesS, 0.999));
    expect(waits).toEqual([5, 32, 329, 1_979, 7_919, 19_798, 39_596, retryMaxS, retryMaxS]);
  });

  it('is as long as the receiver wants, never shorter than the schedule', () => {
    expect(retryWaitS(1, 120, retriesS, 0)).toBe(120);
    expect(retryWaitS(3, 1, retriesS, 0)).toBe(300);
    expect(retryWaitS(1, 999_999, retriesS, 0)).toBe(retryMaxS);
  });
});

describe('Retry-After', () => {
  it.each<[string | null, number | null]>([
    [null, null],
    ['120', 120],
    ['999999999', retryMaxS],
    ['soon', null],
    ['Tue, 17 Nov 2026 22:13:21 GMT', 1],
    ['Tue, 17 Nov 2026 22:13:19 GMT', 0],
  ])('%s is %s s', (value, seconds) => {
    expect(retryAfterS(value, Date.UTC(2026, 10, 17, 22, 13, 20))).toBe(seconds);
  });
});
