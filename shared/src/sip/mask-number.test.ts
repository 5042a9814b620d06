import { describe, expect, it } from 'vitest';
import { maskNumber, maskNumbersIn } from './mask-number.ts';

describe('a phone number', () => {
  it('keeps its last four characters', () => {
    expect(maskNumber('+15550199')).toBe('*****0199');
    expect(maskNumber('alice')).toBe('*lice');
  });

  it('of four characters or fewer vanishes', () => {
    expect(maskNumber('1234')).toBe('****');
    expect(maskNumber('')).toBe('');
  });

  it('does not show how long it is beyond twelve characters', () => {
    expect(maskNumber('1'.repeat(200))).toBe(`${'*'.repeat(12)}1111`);
  });

  it('is found in a sentence, where addresses and ports stay', () => {
    expect(maskNumbersIn('No trunk has +15550111; 203.0.113.7:5060 asked in 1250 ms.')).toBe(
      'No trunk has *****0111; 203.0.113.7:5060 asked in 1250 ms.',
    );
  });
});
