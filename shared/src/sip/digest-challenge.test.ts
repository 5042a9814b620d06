import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestChallenges, digestNonce, timeOfNonce } from './digest-challenge.ts';

const key = '00ff'.repeat(16);
const timeMs = 1_795_000_000_000;

describe('a challenge', () => {
  it('has one header value for each algorithm, with the same nonce', () => {
    const algorithms = ['SHA-256', 'MD5'];
    expect(digestChallenges({ realm: 'LiveKit', nonce: 'n', algorithms })).toEqual([
      'Digest realm="LiveKit", nonce="n", algorithm=SHA-256, qop="auth"',
      'Digest realm="LiveKit", nonce="n", algorithm=MD5, qop="auth"',
    ]);
  });

  it('says that only the nonce was too old, and escapes quotes of the realm', () => {
    expect(
      digestChallenges({ realm: 'a "b" \\c', nonce: 'n', algorithms: ['MD5'], isStale: true }),
    ).toEqual(['Digest realm="a \\"b\\" \\\\c", nonce="n", stale=true, algorithm=MD5, qop="auth"']);
  });
});

describe('a nonce', () => {
  it('is its time and an HMAC over that and the Call-ID', () => {
    const time = timeMs.toString(16).padStart(12, '0');
    const mac = createHmac('sha256', Buffer.from(key, 'hex')).update(`${time}\0a@b`).digest('hex');
    expect(digestNonce(key, timeMs, 'a@b')).toBe(`${time}${mac.slice(0, 32)}`);
  });

  it('tells its time', () => {
    expect(timeOfNonce(digestNonce(key, timeMs, 'a@b'))).toBe(timeMs);
  });

  it.each(['', 'x', '0'.repeat(43), '0'.repeat(45), 'G'.repeat(44)])(
    'is none of ours: %j',
    (text) => {
      expect(timeOfNonce(text)).toBeNull();
    },
  );

  it('is another for another key, time or call', () => {
    const nonces = [
      digestNonce(key, timeMs, 'a@b'),
      digestNonce(`${key.slice(2)}00`, timeMs, 'a@b'),
      digestNonce(key, timeMs + 1, 'a@b'),
      digestNonce(key, timeMs, 'a@c'),
    ].map((nonce) => nonce.slice(12));
    expect(new Set(nonces).size).toBe(4);
  });
});
