import { describe, expect, it } from 'vitest';
import { receiverUrlFault } from './receiver-url.ts';

describe('the URL of a receiver', () => {
  it.each([
    'https://hooks.example.com/callgate?x=1',
    'https://hooks.example.com:8443/',
    'https://198.41.0.4/',
    'https://[2606:4700::1111]/',
  ])('may be %s', (url) => {
    expect(receiverUrlFault(url, false)).toBeNull();
  });

  it.each([
    ['not a url', 'expected a URL'],
    ['http://hooks.example.com/', 'expected https'],
    ['ftp://hooks.example.com/', 'expected https'],
    ['https://user:pass@hooks.example.com/', 'expected no user or password in the URL'],
    ['https://hooks.example.com/#x', 'expected no fragment in the URL'],
    ['https://localhost/', 'expected a public host name'],
    ['https://db.internal/', 'expected a public host name'],
    ['https://printer.local./', 'expected a public host name'],
    ['https://intranet/', 'expected a public host name'],
    ...[
      '10.0.0.1',
      '127.0.0.1',
      '169.254.169.254',
      '192.168.1.1',
      '172.31.0.1',
      '100.64.0.1',
      '0.0.0.0',
      '224.0.0.1',
      '255.255.255.255',
      // Other spellings of 127.0.0.1 and of 169.254.169.254.
      '2130706433',
      '0x7f.1',
      '0251.0376.0251.0376',
      '[::1]',
      '[::]',
      '[::ffff:10.0.0.1]',
      '[64:ff9b::a00:1]',
      '[2002:a00:1::]',
      '[fd00::1]',
      '[fe80::1]',
    ].map((host) => [`https://${host}/`, 'expected a public address']),
  ])('may not be %s', (url, fault) => {
    expect(receiverUrlFault(url, false)).toBe(fault);
  });

  it.each(['http://127.0.0.1:8080/', 'http://[::1]:8080/', 'https://localhost/'])(
    'may be %s where loopback is allowed',
    (url) => {
      expect(receiverUrlFault(url, true)).toBeNull();
    },
  );

  it('may be nothing else beside, where loopback is allowed', () => {
    for (const url of ['http://10.0.0.1/', 'http://hooks.example.com/', 'file:///etc/passwd'])
      expect(receiverUrlFault(url, true)).not.toBeNull();
  });
});
