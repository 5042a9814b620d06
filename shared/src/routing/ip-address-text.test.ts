import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IpAddress, parseIpAddress, parseIpPrefix } from './ip-address.ts';
import { addressText, prefixText } from './ip-address-text.ts';

const textOf = (text: string) => {
  const address = parseIpAddress(text);
  return address === null ? null : addressText(address);
};
const prefixTextOf = (text: string) => {
  const prefix = parseIpPrefix(text);
  return prefix === null ? null : prefixText(prefix);
};

describe('addressText', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
  ])('writes %s as %s', (written, expected) => {
    expect(textOf(written)).toBe(expected);
  });

  it('is read back as the same address', () => {
    const addresses: fc.Arbitrary<IpAddress> = fc.oneof(
      fc.record({ family: fc.constant(4 as const), value: fc.nat({ max: 0xffff_ffff }) }),
      fc.record({
        family: fc.constant(6 as const),
        value: fc.bigInt({ min: 1n << 64n, max: (1n << 128n) - 1n }),
      }),
    );
    fc.assert(
      fc.property(addresses, (address) => {
        expect(parseIpAddress(addressText(address))).toEqual(address);
      }),
    );
  });
});

describe('prefixText', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['255.255.255.255/1', '128.0.0.0/1'],
    ['10.1.2.3/32', '10.1.2.3'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['2001:db8:1::5/32', '2001:db8::/32'],
    ['::/0', '::/0'],
  ])('writes %s as %s', (written, expected) => {
    expect(prefixTextOf(written)).toBe(expected);
  });
});
