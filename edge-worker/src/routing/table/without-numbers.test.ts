import { SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { withoutNumbers } from './without-numbers.ts';

const said = {
  sipTrunkId: 'ST_a',
  name: 'main',
  allowedAddresses: ['192.0.2.0/24', '2001:db8::/32'],
  allowedNumbers: ['+1'],
  authUsername: 'alice',
  headersToAttributes: { 'X-A': 'a' },
  krispEnabled: true,
};

describe('a trunk without its numbers', () => {
  it.each([0, 1, 3, 10_000])('says everything else, and that it had %d', (count) => {
    const numbers = Array.from({ length: count }, (_, n) => `+1555${n}`);
    const bare = withoutNumbers(new SIPInboundTrunkInfo({ ...said, numbers }).toBinary());
    expect(bare.numbers).toBe(count);
    expect(SIPInboundTrunkInfo.fromBinary(bare.message)).toEqual(new SIPInboundTrunkInfo(said));
  });
});
