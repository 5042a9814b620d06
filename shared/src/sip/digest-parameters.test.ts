import { describe, expect, it } from 'vitest';
import { readDigestParameters } from './digest-parameters.ts';

const read = (value: string) => {
  const found = readDigestParameters(value);
  return found === null ? null : Object.fromEntries(found);
};

describe('the parameters of credentials', () => {
  it('are read by name, whatever stands inside quotes', () => {
    expect(
      read('digest Username = "a\\"l\\ice", opaque=" username=\\"bob\\", nonce=", nc=00000001'),
    ).toEqual({
      username: 'a"lice',
      opaque: ' username="bob", nonce=',
      nc: '00000001',
    });
  });

  it.each([
    ['another scheme', 'Basic YWxpY2U6'],
    ['no parameters', 'Digest'],
    ['a quote that never ends', 'Digest username="alice, nc=00000001'],
    ['a name given twice', 'Digest username="alice", USERNAME="bob"'],
    ['no comma between', 'Digest username="alice" nc=00000001'],
  ])('are null for %s', (_what, value) => {
    expect(read(value)).toBeNull();
  });
});
