import { edgeLimits, strangerLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { NonceCounts } from './nonce-counts.ts';

const answer = (nonce: string, count: string) =>
  `Digest username="alice", realm="LiveKit", nonce="${nonce}", uri="sip:a@b", response="x", cnonce="nonce", nc=${count}, qop=auth`;

describe('the count of a nonce', () => {
  it('is taken once, and only upwards', () => {
    const counts = new NonceCounts(new FakeClock());
    expect(counts.take(answer('one', '00000001'))).toBe(true);
    expect(counts.take(answer('one', '00000001'))).toBe(false);
    expect(counts.take(answer('one', '0000000A'))).toBe(true);
    expect(counts.take(answer('one', '00000002'))).toBe(false);
    expect(counts.take(answer('two', '00000001'))).toBe(true);
  });

  it('is that of the nonce that the edge reads, whatever another parameter quotes', () => {
    const counts = new NonceCounts(new FakeClock());
    expect(counts.take(answer('one', '00000001'))).toBe(true);
    const disguised = answer('one', '00000001').replace(
      'Digest ',
      'Digest opaque=", nonce=",x=", nc=00000009 ", ',
    );
    expect(counts.take(disguised)).toBe(false);
    expect(counts.take(answer('o\\ne', '00000001'))).toBe(false);
  });

  it('of 0 is none', () => {
    expect(new NonceCounts(new FakeClock()).take(answer('one', '00000000'))).toBe(false);
  });

  it.each([
    ['no digest', 'Basic YWxpY2U6d29uZGVybGFuZA=='],
    ['no count', 'Digest nonce="one"'],
    ['a count that is none', answer('one', '1')],
    ['4 KB of nonce', answer('n'.repeat(4_000), '00000001')],
  ])('%s is left to the edge and leaves nothing behind', (_what, credentials) => {
    const counts = new NonceCounts(new FakeClock());
    expect([counts.take(credentials), counts.take(credentials), counts.size]).toEqual([
      true,
      true,
      0,
    ]);
  });

  it('is forgotten when there are too many nonces, the oldest first', () => {
    const counts = new NonceCounts(new FakeClock());
    for (let index = 0; index <= strangerLimits.noncesMax; index += 1) {
      counts.take(answer(`n${index}`, '00000001'));
    }
    expect(counts.size).toBe(strangerLimits.noncesMax);
    expect(counts.take(answer('n1', '00000001'))).toBe(false);
    expect(counts.take(answer('n0', '00000001'))).toBe(true);
  });

  it('is forgotten when the nonce is too old for the edge', () => {
    const clock = new FakeClock();
    const counts = new NonceCounts(clock);
    counts.take(answer('old', '00000001'));
    clock.advance(2 * edgeLimits.nonceAgeMs);
    expect(counts.take(answer('old', '00000001'))).toBe(false);
    clock.advance(1);
    counts.take(answer('new', '00000001'));
    expect(counts.size).toBe(1);
  });
});
