import { describe, expect, it } from 'vitest';
import {
  candidateAddress,
  candidateAddresses,
  hostAddress,
  iceCredentials,
  isIceLite,
  withCredentials,
  withHostCandidate,
} from './ice-sdp.ts';

const section = [
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=ice-ufrag:old',
  'a=ice-pwd:secret',
  'a=candidate:1 1 UDP 2122317823 198.51.100.7 50000 typ srflx raddr 192.0.2.1 rport 4000',
  'a=candidate:2 1 udp 2122317823 192.0.2.1 4000 typ host',
  'a=candidate:3 1 tcp 2122317823 192.0.2.1 9 typ host tcptype active',
  'a=end-of-candidates',
];
const sdp = ['v=0', ...section, ...section.slice(0, 3), ''].join('\r\n');

describe('ICE in SDP', () => {
  it('names its credentials', () => {
    expect(iceCredentials(sdp)).toEqual({ ufrag: 'old', password: 'secret' });
    expect(iceCredentials('v=0')).toBeNull();
  });

  it('says whether the other side only answers', () => {
    expect([isIceLite(sdp), isIceLite(`v=0\r\na=ice-lite\r\n`)]).toEqual([false, true]);
  });

  it('gets other credentials in each section, and loses its candidates', () => {
    const other = withCredentials(sdp, { ufrag: 'new', password: 'hidden' });
    expect(other).toBe(
      [
        'v=0',
        ...['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=ice-ufrag:new', 'a=ice-pwd:hidden'],
        ...['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=ice-ufrag:new', 'a=ice-pwd:hidden', ''],
      ].join('\r\n'),
    );
  });

  it('gets a candidate in its first section', () => {
    const bare = withCredentials(sdp, { ufrag: 'new', password: 'hidden' });
    const lines = withHostCandidate(bare, { address: '192.0.2.9', port: 7 }).split('\r\n');
    expect(lines.slice(3, 7)).toEqual([
      'a=ice-pwd:hidden',
      'a=candidate:1 1 UDP 2130706431 192.0.2.9 7 typ host',
      'a=end-of-candidates',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    ]);
  });

  it('names where its candidates lead, by UDP', () => {
    expect(candidateAddresses(sdp)).toEqual([
      { address: '198.51.100.7', port: 50_000 },
      { address: '192.0.2.1', port: 4_000 },
    ]);
    expect(candidateAddress('candidate:1 1 udp 1 2001:db8::1 5 typ host')).toEqual({
      address: '2001:db8::1',
      port: 5,
    });
    expect(candidateAddress('candidate:1 1 udp 1 host.local 5 typ host')).toBeNull();
  });

  it.each([
    ['port 0', '192.0.2.1 0'],
    ['a port above 65535', '192.0.2.1 65536'],
    ['what is no address', '300.1.1.1 5'],
    ['half an address', 'fe80: 5'],
  ])('passes over a candidate with %s, to which nothing can be sent', (_what, place) => {
    expect(candidateAddress(`candidate:1 1 udp 1 ${place} typ host`)).toBeNull();
  });

  it('names the socket of its owner, and not what a NAT makes of it', () => {
    expect(hostAddress(sdp)).toEqual({ address: '192.0.2.1', port: 4_000 });
    expect(hostAddress('v=0')).toBeNull();
  });
});
