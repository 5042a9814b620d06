import { describe, expect, it } from 'vitest';
import { processExample, readProcess } from './process.ts';

describe('the word of a run of a node', () => {
  it('is read as it was sent', () => {
    expect(readProcess(processExample)).toBe(processExample);
  });

  it.each([
    null,
    undefined,
    '',
    `${processExample}0`,
    processExample.toUpperCase(),
    'x'.repeat(16),
  ])('is none when it is %j', (text) => {
    expect(readProcess(text)).toBeNull();
  });
});
