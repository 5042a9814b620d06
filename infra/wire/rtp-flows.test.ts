import { describe, expect, it } from 'vitest';
import { writeRtpHeader } from '../../media-node/src/media/rtp/rtp-packet.ts';
import type { Datagram } from './capture-file.ts';
import { gapsWithin, heldWithin, type RtpFlow, rtpFlows } from './rtp-flows.ts';

const from = { address: '127.0.0.1', port: 1_000 };
const to = { address: '127.0.8.5', port: 2_000 };
const always = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };

function rtp(atMs: number, sequence: number, ssrc = 1): Datagram {
  const bytes = Buffer.alloc(12);
  writeRtpHeader(bytes, { marker: false, payloadType: 111, sequence, timestamp: 0, ssrc });
  return { atMs, from, to, bytes };
}

function flow(packets: readonly (readonly [atMs: number, sequence: number])[]): RtpFlow {
  return { from, to, packets: packets.map(([atMs, sequence]) => ({ atMs, sequence })) };
}

describe('RTP on the wire', () => {
  it('is told apart by source, and streams stand in the order of their beginning', () => {
    const flows = rtpFlows([rtp(0, 7, 2), rtp(1, 9, 1), rtp(20, 8, 2)]);
    expect(flows.map(({ packets }) => packets)).toEqual([
      [
        { atMs: 0, sequence: 7 },
        { atMs: 20, sequence: 8 },
      ],
      [{ atMs: 1, sequence: 9 }],
    ]);
  });

  it.each([
    ['RTCP', Buffer.from('80c80001000000000000000000000000', 'hex')],
    ['STUN', Buffer.from('000100002112a442000000000000000000000000', 'hex')],
    ['DTLS', Buffer.from('16fefd0000000000000000000000', 'hex')],
    ['less than a header', Buffer.from('8000', 'hex')],
  ])('is not %s', (_what, bytes) => {
    expect(rtpFlows([{ atMs: 0, from, to, bytes }])).toEqual([]);
  });
});

describe('between packets of a stream', () => {
  it('lie the times of its packets within a stretch', () => {
    const stream = flow([
      [0, 1],
      [20, 2],
      [45, 3],
      [60, 4],
    ]);
    expect(gapsWithin(stream, { fromMs: 10, toMs: 60 })).toEqual([25]);
    expect(gapsWithin(stream, always)).toEqual([20, 25, 15]);
  });
});

describe('a packet that passes something', () => {
  it('is held from its coming to its leaving, whatever its numbers are behind it', () => {
    const came = flow([
      [0, 65_534],
      [20, 65_535],
      [40, 0],
      [60, 1],
    ]);
    const left = flow([
      [1, 100],
      [22, 101],
      [43, 102],
      [61, 103],
    ]);
    expect(heldWithin(came, left, always)).toEqual([1, 2, 3, 1]);
  });

  it('may be held until others have come', () => {
    const came = flow([
      [0, 1],
      [20, 2],
      [40, 3],
      [60, 4],
      [80, 5],
    ]);
    const left = flow([
      [1, 11],
      [55, 12],
      [55.5, 13],
      [61, 14],
      [81, 15],
    ]);
    expect(heldWithin(came, left, always)).toEqual([1, 35, 15.5, 1, 1]);
  });

  it('is not counted when nothing is known of its coming', () => {
    const came = flow([
      [20, 2],
      [40, 3],
    ]);
    const left = flow([
      [1, 11],
      [21, 12],
      [41, 13],
    ]);
    expect(heldWithin(came, left, always)).toEqual([1, 1]);
  });
});
