import { describe, expect, it } from 'vitest';
import { parseIpAddress, parseIpPrefix, prefixHolds } from './ip-address.ts';

describe('parseIpAddress', () => {
  it.each([
    ['0.0.0.0', 0],
    ['192.0.2.1', 0xc0000201],
    ['255.255.255.255', 0xffffffff],
    ['::ffff:192.0.2.1', 0xc0000201],
    ['::FFFF:c000:201', 0xc0000201],
  ])('reads %s as IPv4', (text, value) => {
    expect(parseIpAddress(text)).toEqual({ family: 4, value });
  });

  it.each([
    ['::', 0n],
    ['::1', 1n],
    ['2001:db8::10', 0x20010db8_00000000_00000000_00000010n],
    ['2001:0DB8:0:0:0:0:0:0010', 0x20010db8_00000000_00000000_00000010n],
    ['1:2:3:4:5:6:7::', 0x00010002_00030004_00050006_00070000n],
    ['::192.0.2.1', 0xc0000201n],
    ['64:ff9b::192.0.2.33', 0x0064ff9b_00000000_00000000_c0000221n],
  ])('reads %s as IPv6', (text, value) => {
    expect(parseIpAddress(text)).toEqual({ family: 6, value });
  });

  it.each([
    '',
    '192.0.2',
    '192.0.2.1.1',
    '192.0.2.256',
    '192.0.2.01',
    '192.0.2.1 ',
    '192.0.2.-1',
    '192.0.2.1e0',
    '0x7f.0.0.1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1::',
    ':1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:',
    ':::',
    ':',
    '12345::',
    'g::',
    '192.0.2.1::',
    '::192.0.2.1:1',
    '::192.0.2',
    '[2001:db8::1]',
    '2001:db8::1%eth0',
    'sip.example.com',
    '192.0.2.1:5060',
    '1'.repeat(100_000),
  ])('takes %.60j for no address', (text) => {
    expect(parseIpAddress(text)).toBeNull();
  });
});

describe('parseIpPrefix', () => {
  it.each([
    ['10.0.0.1/8', '10.255.255.255', '11.0.0.0'],
    ['10.0.0.1', '10.0.0.1', '10.0.0.2'],
    ['128.0.0.0/1', '255.255.255.255', '127.255.255.255'],
    ['2001:db8::/33', '2001:db8:7fff::', '2001:db8:8000::'],
    ['::ffff:10.0.0.0/104', '10.200.0.1', '11.0.0.1'],
    ['::ffff:10.0.0.0/104', '::ffff:10.200.0.1', '2001:db8::1'],
  ])('%s holds %s and not %s', (text, inside, outside) => {
    const prefix = parseIpPrefix(text);
    const [yes, no] = [parseIpAddress(inside), parseIpAddress(outside)];
    if (prefix === null || yes === null || no === null) throw new Error('all of them are valid');
    expect(prefixHolds(prefix, yes)).toBe(true);
    expect(prefixHolds(prefix, no)).toBe(false);
  });

  it.each(['0.0.0.0/0', '255.255.255.255/0'])('%s holds every IPv4 address and no IPv6', (text) => {
    const prefix = parseIpPrefix(text);
    expect(prefix).toEqual({ family: 4, bits: 0, head: 0 });
  });

  it('keeps a prefix shorter than the mapped range an IPv6 prefix', () => {
    expect(parseIpPrefix('::ffff:10.0.0.0/95')?.family).toBe(6);
  });

  it.each([
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/+8',
    '10.0.0.0/8/8',
    '/8',
    '2001:db8::/129',
    '10.0.0.0/8 ',
    '10.0.0.0/1e1',
  ])('takes %j for no prefix', (text) => {
    expect(parseIpPrefix(text)).toBeNull();
  });
});
