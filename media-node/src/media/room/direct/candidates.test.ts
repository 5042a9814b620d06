import { describe, expect, it } from 'vitest';
import { isUsableCandidate, readTrickled, withUsableCandidates } from './candidates.ts';

const udp4 = 'candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host';
const udp6 = 'candidate:2 1 UDP 2130706431 2001:db8::1 7882 typ host';

describe('candidates of a server', () => {
  it.each([
    [udp4, null, true],
    [udp4, '127.0.0.1', true],
    [udp4, '::1', false],
    [`a=${udp6}`, '::1', true],
    [udp6, '127.0.0.1', false],
    ['candidate:3 1 tcp 1518280447 192.0.2.1 7881 typ host tcptype passive', null, false],
    ['candidate:4 2 udp 2130706430 192.0.2.1 7883 typ host', null, false],
    ['candidate:5 1 udp 2130706431 livekit.local 7882 typ host', null, false],
    ['', null, false],
  ])('%s from %s: usable %s', (candidate, bindAddress, expected) => {
    expect(isUsableCandidate(candidate, bindAddress)).toBe(expected);
  });

  it('that lead nowhere are taken out of a description, and nothing else is', () => {
    const sdp = ['v=0', 'm=audio 9 X 111', `a=${udp6}`, `a=${udp4}`, 'a=mid:0', ''].join('\r\n');
    expect(withUsableCandidates(sdp, '127.0.0.1')).toBe(
      ['v=0', 'm=audio 9 X 111', `a=${udp4}`, 'a=mid:0', ''].join('\r\n'),
    );
  });

  it.each([
    [JSON.stringify({ candidate: udp4, sdpMid: '0' }), udp4],
    ['{"candidate":7}', null],
    ['null', null],
    ['{', null],
  ])('are read from a trickled message: %s', (message, expected) => {
    expect(readTrickled(message)).toBe(expected);
  });
});
