import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readAdvertisedHosts } from './advertised-hosts.ts';

const isAddress = (text: string) => isIP(text) !== 0;
const read = (text: string) => readAdvertisedHosts(text, isAddress);

describe('the host that a peer is told', () => {
  it('is the one of its network, the first that fits, else the one for everybody', () => {
    const hosts = read('10.1.0.0/16=10.1.0.5, 10.0.0.0/8=10.0.0.5, 203.0.113.5, fd00::/8=fd00::5');
    const told = ['10.1.2.3', '10.2.3.4', '198.51.100.7', 'fd00::9', '2001:db8::1'];
    expect(told.map((peer) => hosts?.for(peer))).toEqual([
      '10.1.0.5',
      '10.0.0.5',
      '203.0.113.5',
      'fd00::5',
      '203.0.113.5',
    ]);
  });

  it('is the one that was reached where none is for everybody', () => {
    expect(read('10.0.0.0/8=10.0.0.5')?.for('198.51.100.7')).toBeNull();
  });

  it.each(['', 'host', '203.0.113.5, 203.0.113.6', '10.0.0.0/33=10.0.0.5', '10.0.0.0/8=', 'a=b=c'])(
    'is none in %j',
    (text) => {
      expect(read(text)).toBeNull();
    },
  );
});
