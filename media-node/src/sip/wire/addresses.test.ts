/** Via, URIs and addresses as the readers of this folder see them. */
import { describe, expect, it } from 'vitest';
import { readNameAddr, splitList } from './name-addr.ts';
import { readUri } from './uri.ts';
import { readVia, stampVia, viaPort, writeVia } from './via.ts';

describe('Via', () => {
  const table: [string, string | null][] = [
    [
      'SIP/2.0/UDP pc33.example.com;branch=z9hG4bK776',
      'SIP/2.0/UDP pc33.example.com;branch=z9hG4bK776',
    ],
    [
      'SIP / 2.0 / TCP Spindle.example.com : 5070 ; branch = z9hG4bK9',
      'SIP/2.0/TCP Spindle.example.com:5070;branch=z9hG4bK9',
    ],
    [
      'SIP/2.0/UDP [2001:DB8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3',
      'SIP/2.0/UDP [2001:DB8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3',
    ],
    ['SIP/2.0/UDP [2001:db8::9:1]:6050;rport', 'SIP/2.0/UDP [2001:db8::9:1]:6050;rport'],
    ['SIP/2.0/UDP 192.0.2.1;rport=;ttl=1', 'SIP/2.0/UDP 192.0.2.1;rport=;ttl=1'],
    ['SIP/2.0/UNKNOWN t4.example.com', 'SIP/2.0/UNKNOWN t4.example.com'],
    ['SIP/2.0/UDP 192.0.2.1:0', null],
    ['SIP/2.0/UDP 192.0.2.1:65536', null],
    ['SIP/2.0/UDP 2001:db8::9:1', null],
    ['SIP/2.0/UDP [2001:db8::9:1', null],
    ['SIP/2.0/UDP [not:an:address]', null],
    ['SIP/2.0/UDP [fe80::1%eth0]', null],
    ['SIP/2.0/UDP 192.0.2.1;;branch=1', null],
    ['SIP/2.0/UDP 192.0.2.1;branch=1;branch=2', null],
    ['SIP/2.0/UDP 192.0.2.1;__proto__=1', null],
    ['SIP/2.0/UDP 192.0.2.1;constructor', null],
    ['SIP/2.0/UDP 192.0.2.1 trailing', null],
    ['SIP/3.0/UDP 192.0.2.1', null],
    ['SIP/2.0 192.0.2.1', null],
    ['', null],
  ];
  for (const [text, expected] of table) {
    it(`${text || 'nothing'}: ${expected === null ? 'none' : 'read'}`, () => {
      const via = readVia(text);
      expect(via && writeVia(via)).toBe(expected);
    });
  }

  it('names an IPv6 address as the kernel does, however it is written', () => {
    for (const text of ['2001:DB8:0:0::1', '2001:0db8::0001', '2001:db8::1']) {
      const via = readVia(`SIP/2.0/UDP [${text}]`);
      expect(via?.host).toBe('2001:db8::1');
      const source = { address: '2001:db8::1', port: 5_060 };
      expect(via && writeVia(stampVia(via, source))).toBe(`SIP/2.0/UDP [${text}]`);
    }
  });

  it('without a port means 5060, or 5061 over TLS', () => {
    const ports = ['UDP', 'TCP', 'TLS'].map((transport) => {
      const via = readVia(`SIP/2.0/${transport} a.example.com`);
      return via && viaPort(via);
    });
    expect(ports).toEqual([5060, 5060, 5061]);
  });

  it('is stamped with received and rport by RFC 3581 §4', () => {
    const stamped = (text: string, address: string) => {
      const via = readVia(text);
      return via && writeVia(stampVia(via, { address, port: 4_000 }));
    };
    expect(stamped('SIP/2.0/UDP 192.0.2.1', '192.0.2.1')).toBe('SIP/2.0/UDP 192.0.2.1');
    expect(stamped('SIP/2.0/UDP 10.0.0.1', '192.0.2.1')).toBe(
      'SIP/2.0/UDP 10.0.0.1;received=192.0.2.1',
    );
    expect(stamped('SIP/2.0/UDP 192.0.2.1;rport', '192.0.2.1')).toBe(
      'SIP/2.0/UDP 192.0.2.1;rport=4000;received=192.0.2.1',
    );
    expect(stamped('SIP/2.0/UDP 192.0.2.1;received=203.0.113.5', '192.0.2.1')).toBe(
      'SIP/2.0/UDP 192.0.2.1;received=192.0.2.1',
    );
  });
});

describe('URIs', () => {
  const table: [string, readonly [string, string, string, number | null] | null][] = [
    ['sip:alice@example.com', ['sip', 'alice', 'example.com', null]],
    ['SIP:alice@EXAMPLE.com:5070', ['sip', 'alice', 'example.com', 5070]],
    ['sips:alice:secret@example.com', ['sips', 'alice', 'example.com', null]],
    ['sip:example.com', ['sip', '', 'example.com', null]],
    ['sip:[2001:db8::10]', ['sip', '', '2001:db8::10', null]],
    ['sip:u@[2001:db8::10]:5070;transport=tcp', ['sip', 'u', '2001:db8::10', 5070]],
    ['sip:%61lice%40x@example.com', ['sip', 'alice@x', 'example.com', null]],
    ['sip:%D0%90@example.com', ['sip', '\u0410', 'example.com', null]],
    [
      'sip:+1-555-0100;phone-context=x@example.com;user=phone',
      ['sip', '+1-555-0100;phone-context=x', 'example.com', null],
    ],
    ['sip:u:@h', ['sip', 'u', 'h', null]],
    ['tel:+1-555-0100;phone-context=example.com', ['tel', '+1-555-0100', '', null]],
    ['soap.beep://192.0.2.103:3002', ['other', '', '', null]],
    ['sip:u@h?x=', ['sip', 'u', 'h', null]],
    ['sip:@example.com', null],
    ['sip:a@b@example.com', null],
    ['sip:a%4@example.com', null],
    ['sip:a@example.com:', null],
    ['sip:a@example.com:99999', null],
    ['sip:a@example.com:0', null],
    ['sip:a@[2001:db8::1', null],
    ['sip:a@2001:db8::1', null],
    ['sip:a@example.com;=1', null],
    ['sip:a@example.com ', null],
    ['<sip:a@example.com>', null],
    ['sip:', null],
    ['tel:', null],
    ['tel:alice', null],
    ['alice', null],
    ['', null],
  ];
  for (const [text, expected] of table) {
    it(`${text || 'nothing'}`, () => {
      const uri = readUri(text);
      expect(uri && [uri.scheme, uri.user, uri.host, uri.port]).toEqual(expected);
    });
  }
});

describe('addresses', () => {
  const table: [string, readonly [string, string, string | null] | null][] = [
    ['<sip:a@b>;tag=1', ['', 'sip:a@b', '1']],
    ['sip:a@b;tag=1', ['', 'sip:a@b', '1']],
    ['Ann Lee <sip:a@b>', ['Ann Lee', 'sip:a@b', null]],
    ['caller<sip:a@b>;tag=323', ['caller', 'sip:a@b', '323']],
    ['"J Rosenberg \\\\\\"" <sip:a@b> ; tag = 98', ['J Rosenberg \\"', 'sip:a@b', '98']],
    ['"<sip:fake@x>" <sip:a@b>', ['<sip:fake@x>', 'sip:a@b', null]],
    ['<sip:a@b;p=1?h=2>;tag="x;y"', ['', 'sip:a@b;p=1?h=2', '"x;y"']],
    ['<tel:+15550100>', ['', 'tel:+15550100', null]],
    ['M\xc3\xbcller <sip:a@b>', ['M\u00fcller', 'sip:a@b', null]],
    ['"Mr. J. User <sip:a@b>', null],
    ['<sip:a@b', null],
    ['sip:a@b>', null],
    ['< sip:a@b >', null],
    ['Bell, Alexander <sip:a@b>', null],
    ['sip:a@b?Route=%3Csip:c%3E', null],
    ['<sip:a@b>;tag=1;tag=2', null],
    ['<sip:a@b> rest', null],
    ['"only a name"', null],
    ['*', null],
    ['', null],
  ];
  for (const [text, expected] of table) {
    it(`${text || 'nothing'}`, () => {
      const read = readNameAddr(text);
      expect(read && [read.displayName, read.uriText, read.parameters.get('tag') ?? null]).toEqual(
        expected,
      );
    });
  }

  it('are split at commas outside of quotes and brackets', () => {
    expect(splitList('"a,b" <sip:c,d@e>, <sip:f>;x="g,h"')).toEqual([
      '"a,b" <sip:c,d@e>',
      '<sip:f>;x="g,h"',
    ]);
    expect(splitList('a,,b')).toBeNull();
    expect(splitList('<a, b')).toBeNull();
    expect(splitList('"a, b')).toBeNull();
  });
});
