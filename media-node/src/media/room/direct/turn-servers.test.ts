import { ICEServer } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { turnServersOf } from './turn-servers.ts';

const server = (...urls: string[]) => new ICEServer({ urls, username: 'u', credential: 'p' });
const account = { username: 'u', password: 'p' };

describe('relays of a server', () => {
  it.each([
    ['turn:192.0.2.1:3478?transport=udp', { hostname: '192.0.2.1', port: 3_478 }],
    ['turn:turn.example.com:443', { hostname: 'turn.example.com', port: 443 }],
    ['turn:turn.example.com', { hostname: 'turn.example.com', port: 3_478 }],
    ['turn:[2001:db8::1]:3478?transport=UDP', { hostname: '2001:db8::1', port: 3_478 }],
  ])('are taken over UDP: %s', (url, expected) => {
    expect(turnServersOf([server(url)])).toEqual([{ ...expected, ...account }]);
  });

  it.each([
    'turn:192.0.2.1:3478?transport=tcp',
    'turns:turn.example.com:443?transport=tcp',
    'stun:stun.example.com:3478',
    'turn:192.0.2.1:70000',
    'turn:',
    'http://example.com',
  ])('and not by another way: %s', (url) => {
    expect(turnServersOf([server(url)])).toEqual([]);
  });

  it('are four at most', () => {
    const urls = Array.from({ length: 20 }, (_, i) => `turn:192.0.2.${i}:3478`);
    expect(turnServersOf([server(...urls)])).toHaveLength(4);
  });
});
