import { expect, it } from 'vitest';
import { slope } from './slope.ts';

it.each([
  [[0, 1, 1, 3, 2, 5], 2],
  [[0, 1, 1, 0, 2, 1], 0],
  [[5, 7], 0],
])('of the points %j is %i', (flat, expected) => {
  const points = Array.from(
    { length: flat.length / 2 },
    (_, i) => [flat[2 * i] ?? 0, flat[2 * i + 1] ?? 0] as const,
  );
  expect(slope(points)).toBe(expected);
});
