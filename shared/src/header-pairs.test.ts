import { describe, expect, it } from 'vitest';
import { readHeaderPairs } from './header-pairs.ts';

describe('header pairs', () => {
  it('are names and values with commas between', () => {
    expect(readHeaderPairs('authorization=Basic dGVzdA==, x-team=voice')).toEqual({
      authorization: 'Basic dGVzdA==',
      'x-team': 'voice',
    });
    expect(readHeaderPairs('')).toEqual({});
  });

  it.each(['x', 'x=', '=y', 'x y=z', 'x=y\r\nEvil: 1', 'a=b,c'])('are not %j', (text) => {
    expect(readHeaderPairs(text)).toBeNull();
  });
});
