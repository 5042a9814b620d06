import { describe, expect, it } from 'vitest';
import { parseIpAddress, parseIpPrefix } from './ip-address.ts';
import { addPrefix, emptyPrefixIndex, findByAddress, findHolder } from './prefix-index.ts';

function indexOf(entries: readonly (readonly [string, string])[]) {
  const index = emptyPrefixIndex<string>();
  for (const [text, item] of entries) {
    const prefix = parseIpPrefix(text);
    if (prefix !== null) addPrefix(index, prefix, item);
  }
  return index;
}

describe('networks by address', () => {
  const index = indexOf([
    ['10.0.0.0/24', 'b'],
    ['10.0.0.0/8', 'a'],
    ['10.0.0.1', 'c'],
    ['0.0.0.0/0', 'any'],
    ['2001:db8::/32', 'six'],
    ['10.0.0.0/8', 'other'],
  ]);

  it.each([
    ['10.0.0.1', ['any', 'a', 'other', 'b', 'c']],
    ['10.9.0.1', ['any', 'a', 'other']],
    ['192.0.2.1', ['any']],
    ['2001:db8::1', ['six']],
    ['2001:db9::1', []],
  ])('%s lies in %j, widest first', (text, expected) => {
    const address = parseIpAddress(text);
    expect(address === null ? null : findByAddress(index, address)).toEqual(expected);
  });
});

describe('networks that hold a network', () => {
  const index = indexOf([
    ['10.0.0.0/8', 'wide'],
    ['10.1.0.0/16', 'narrow'],
    ['2001:db8::/32', 'six'],
  ]);

  it.each([
    ['10.1.2.0/24', 'narrow', 'wide'],
    ['10.1.0.0/16', 'narrow', 'wide'],
    ['10.0.0.0/8', 'wide', undefined],
    ['10.0.0.0/7', 'nobody', undefined],
    ['0.0.0.0/0', 'nobody', undefined],
    ['2001:db8:1::/48', 'nobody', 'six'],
    ['::/0', 'nobody', undefined],
  ])('%s of %s is held by %s', (text, self, expected) => {
    const prefix = parseIpPrefix(text);
    expect(prefix === null ? null : findHolder(index, prefix, self)).toBe(expected);
  });
});
