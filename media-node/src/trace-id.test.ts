import { describe, expect, it } from 'vitest';
import { traceIdOf } from './trace-id.ts';

describe('trace id', () => {
  it('is the same for every message of a call', () => {
    expect(traceIdOf('a@example.com', 'tag')).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdOf('a@example.com', 'tag')).toBe(traceIdOf('a@example.com', 'tag'));
  });

  it('is another for another call', () => {
    const one = traceIdOf('a@example.com', 'tag');
    expect(traceIdOf('b@example.com', 'tag')).not.toBe(one);
    expect(traceIdOf('a@example.com', 'other')).not.toBe(one);
  });
});
