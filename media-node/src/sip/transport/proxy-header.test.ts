import { describe, expect, it } from 'vitest';
import { readProxyHeader } from './proxy-header.ts';

const text = (line: string) => Buffer.from(line, 'latin1');
const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A header of version 2. */
function binary(
  command: number,
  family: number,
  addresses: Buffer,
  more = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt8(command, 0);
  head.writeUInt8(family, 1);
  head.writeUInt16BE(addresses.length + more.length, 2);
  return Buffer.concat([signature, head, addresses, more]);
}

const ipv4 = Buffer.from([203, 0, 113, 7, 192, 0, 2, 1, 0x9c, 0x40, 0x13, 0xc4]);
const ipv6 = Buffer.from(
  '20010db8000000000000000000000007' + '20010db8000000000000000000000001' + '9c4013c4',
  'hex',
);
const mapped = Buffer.from(
  '00000000000000000000ffffcb007107' + '00000000000000000000ffffc0000201' + '9c4013c4',
  'hex',
);

describe('a PROXY header', () => {
  it.each([
    ['version 1, IPv4', text('PROXY TCP4 203.0.113.7 192.0.2.1 40000 5060\r\n'), '203.0.113.7'],
    ['version 1, IPv6', text('PROXY TCP6 2001:db8::7 2001:db8::1 40000 5060\r\n'), '2001:db8::7'],
    [
      'version 1, IPv6 at length',
      text('PROXY TCP6 2001:0DB8:0::7 ::1 40000 5060\r\n'),
      '2001:db8::7',
    ],
    [
      'version 1, IPv4 in IPv6',
      text('PROXY TCP6 ::ffff:203.0.113.7 ::1 40000 5060\r\n'),
      '203.0.113.7',
    ],
    ['version 2, IPv4', binary(0x21, 0x11, ipv4), '203.0.113.7'],
    ['version 2, IPv6', binary(0x21, 0x21, ipv6), '2001:db8::7'],
    ['version 2, IPv4 as IPv6', binary(0x21, 0x21, mapped), '203.0.113.7'],
    ['version 2 with more behind', binary(0x21, 0x11, ipv4, Buffer.alloc(200)), '203.0.113.7'],
  ])('of %s names the source and ends where SIP begins', (_what, bytes, address) => {
    const whole = Buffer.concat([bytes, text('INVITE')]);
    expect(readProxyHeader(whole)).toEqual({
      kind: 'read',
      source: { address, port: 40_000 },
      bytes: bytes.length,
    });
    for (let end = 0; end < bytes.length; end += 1) {
      expect(readProxyHeader(bytes.subarray(0, end)), `${end} bytes`).toEqual({
        kind: 'incomplete',
      });
    }
  });

  it.each([
    ['PROXY UNKNOWN', text('PROXY UNKNOWN\r\n')],
    ['PROXY UNKNOWN with addresses', text('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n')],
    ['LOCAL', binary(0x20, 0x00, Buffer.alloc(0))],
    ['LOCAL with addresses', binary(0x20, 0x11, ipv4)],
    ['an unspecified family', binary(0x21, 0x00, Buffer.alloc(0))],
  ])('%s leaves the source as it is', (_what, bytes) => {
    expect(readProxyHeader(bytes)).toEqual({ kind: 'read', source: null, bytes: bytes.length });
  });

  it.each([
    ['SIP without one', text('INVITE sip:a@b SIP/2.0\r\n'), 'does not begin'],
    ['a TLS handshake', Buffer.from([0x16, 3, 1, 2, 0]), 'does not begin'],
    ['lower case', text('proxy TCP4 203.0.113.7 192.0.2.1 1 2\r\n'), 'does not begin'],
    ['a host name', text('PROXY TCP4 sip.example.com 192.0.2.1 1 2\r\n'), 'malformed'],
    ['another family', text('PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n'), 'malformed'],
    ['two blanks', text('PROXY TCP4  203.0.113.7 192.0.2.1 1 2\r\n'), 'malformed'],
    ['port 0', text('PROXY TCP4 203.0.113.7 192.0.2.1 0 2\r\n'), 'malformed'],
    ['port 99999', text('PROXY TCP4 203.0.113.7 192.0.2.1 99999 2\r\n'), 'malformed'],
    ['a zone', text('PROXY TCP6 fe80::7%eth0 fe80::1 1 2\r\n'), 'malformed'],
    ['more behind', text('PROXY TCP4 203.0.113.7 192.0.2.1 1 2 3\r\n'), 'malformed'],
    ['UDP', text('PROXY UDP4 203.0.113.7 192.0.2.1 1 2\r\n'), 'malformed'],
    ['no end', text(`PROXY TCP4 ${' '.repeat(120)}`), 'longer than 107'],
    ['version 3', binary(0x31, 0x11, ipv4), 'version or command'],
    ['an unknown command', binary(0x22, 0x11, ipv4), 'version or command'],
    ['UDP in version 2', binary(0x21, 0x12, ipv4), 'no TCP connection'],
    [
      'port 0 in version 2',
      binary(0x21, 0x11, Buffer.concat([ipv4.subarray(0, 8), Buffer.alloc(4)])),
      'port 0',
    ],
    ['a family without its addresses', binary(0x21, 0x21, ipv4), 'no TCP connection'],
    ['60 KB', binary(0x21, 0x11, ipv4, Buffer.alloc(60_000)).subarray(0, 16), 'limit 1024'],
  ])('%s is refused', (_what, bytes, why) => {
    expect(readProxyHeader(bytes)).toEqual({ kind: 'broken', why: expect.stringContaining(why) });
  });
});
