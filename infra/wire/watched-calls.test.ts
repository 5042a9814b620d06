import { describe, expect, it } from 'vitest';
import type { RtpFlow } from './rtp-flows.ts';
import { pacingWithin, watchedCalls, watchedFilter } from './watched-calls.ts';

const addresses = { speakers: '127.0.8.3', bridge: '127.0.8.4', phones: '127.0.8.5' };
const { speakers, bridge, phones } = addresses;
const room = '127.0.0.1';
const packets = 5;
const allUpMs = 300;

/** A packet every 20 ms. */
function flow(from: string, to: string, beginMs: number, port = 1_000): RtpFlow {
  return {
    from: { address: from, port },
    to: { address: to, port },
    packets: Array.from({ length: packets }, (_, n) => ({
      atMs: beginMs + 20 * n,
      sequence: n,
    })),
  };
}

describe('the streams of a call', () => {
  it('are those that begin between its speaker and the next', () => {
    const before = flow(room, bridge, 0);
    const one = [
      flow(speakers, room, 100),
      flow(room, bridge, 130, 1),
      flow(bridge, phones, 131, 1),
    ];
    const two = [
      flow(speakers, room, 200),
      flow(room, bridge, 230, 2),
      flow(bridge, phones, 231, 2),
    ];
    const after = flow(room, bridge, allUpMs + 1);
    const calls = watchedCalls([before, ...one, ...two, after], addresses, allUpMs);
    expect(calls.map(({ said, came, left }) => [said, came, left])).toEqual([one, two]);
  });

  it.each([
    ['another call of the bridge begins meanwhile', [flow(room, bridge, 140, 2)]],
    ['the phone is sent a second stream', [flow(bridge, phones, 150, 2)]],
  ])('are not known when %s', (_why, others) => {
    const call = [flow(speakers, room, 100), flow(room, bridge, 130), flow(bridge, phones, 131)];
    expect(watchedCalls([...call, ...others], addresses, allUpMs)).toEqual([]);
  });

  it('are not known when nothing leaves for the phone', () => {
    const flows = [flow(speakers, room, 100), flow(room, bridge, 130)];
    expect(watchedCalls(flows, addresses, allUpMs)).toEqual([]);
  });
});

describe('the pacing of calls', () => {
  it('is told where they are said, come and leave, and how long each keeps them', () => {
    const call = {
      said: flow(speakers, room, 100),
      came: flow(room, bridge, 103),
      left: flow(bridge, phones, 104),
    };
    const { said, came, left, heldByLivekit, heldByBridge } = pacingWithin([call, call], {
      fromMs: 0,
      toMs: 1_000,
    });
    for (const gaps of [said, came, left])
      expect(gaps.summary()).toEqual({ count: 2 * (packets - 1), p50: 20, p95: 20, max: 20 });
    for (const [held, ms] of [
      [heldByLivekit, 3],
      [heldByBridge, 1],
    ] as const)
      expect(held.summary()).toEqual({ count: 2 * packets, p50: ms, p95: ms, max: ms });
  });

  it('needs no other packets than theirs', () => {
    expect(watchedFilter(addresses)).toBe(
      'udp and (src host 127.0.8.3 or dst host 127.0.8.4 or dst host 127.0.8.5)',
    );
  });
});
