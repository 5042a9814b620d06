import { expect, it } from 'vitest';
import { levelDbov } from './level.ts';

it.each([
  ['digital silence', () => 0, -127],
  ['a full-scale square wave', (i: number) => (i % 2 === 0 ? 32_767 : -32_768), 0],
  ['a full-scale sine', (i: number) => Math.round(32_767 * Math.sin(i / 3)), -3],
  ['a sine a tenth as high', (i: number) => Math.round(3_276.7 * Math.sin(i / 3)), -23],
  ['the least noise there is', (i: number) => i % 2, -93],
])('%s', (_what, sample, dbov) => {
  expect(levelDbov(Int16Array.from({ length: 160 }, (_, i) => sample(i)))).toBe(dbov);
});
