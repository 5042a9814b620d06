import { describe, expect, it } from 'vitest';
import { SequenceUnwrapper, sequenceDistance, timestampDistance } from './sequence.ts';

describe.each([0, 1, 32_767, 32_768, 65_534, 65_535])('from %i', (start) => {
  it.each([1, 2, 32_767, -1, -32_768])('the distance of %i survives the wrap', (step) => {
    expect(sequenceDistance(start, (start + step) & 0xffff)).toBe(step);
  });

  it.each([
    [
      [1, 2, 3],
      [1, 2, 3],
    ],
    [
      [2, 1, 3],
      [2, 1, 3],
    ],
    [
      [30_000, 60_000, 90_000],
      [30_000, 60_000, 90_000],
    ],
    [
      [1, 0, 2, 32_769],
      [1, 0, 2, 32_769],
    ],
  ])('steps %j unwrap to themselves', (steps, expected) => {
    const unwrapper = new SequenceUnwrapper();
    unwrapper.unwrap(start);
    const indexes = steps.map((step) => unwrapper.unwrap((start + step) & 0xffff) - start);
    expect(indexes).toEqual(expected);
  });
});

it.each([
  [0, 160, 160],
  [0xffffffff, 159, 160],
  [160, 0, -160],
  [0, 0x80000000, -0x80000000],
])('timestamps: from %i to %i is %i ticks', (from, to, ticks) => {
  expect(timestampDistance(from, to)).toBe(ticks);
});
