import { describe, expect, it } from 'vitest';
import { normalizeNumber } from './normalize-number.ts';

describe('normalizeNumber', () => {
  it.each([
    ['+1 (555) 010-0100', '+15550100100'],
    ['15550100100', '+15550100100'],
    ['0044 20 7946 0000', '+00442079460000'],
  ])('compares %s as %s', (written, compared) => {
    expect(normalizeNumber(written)).toBe(compared);
  });

  it.each(['support', '*7#', '1.800.555.0100', '+1;ext=4', '١٢٣', '12\t3', '12\n', '++1', ''])(
    'leaves %j as it is',
    (text) => {
      expect(normalizeNumber(text)).toBe(text);
    },
  );
});
