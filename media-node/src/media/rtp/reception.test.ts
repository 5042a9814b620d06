import { describe, expect, it } from 'vitest';
import { type Arrival, Reception } from './reception.ts';

const clockRateHz = 8_000;

/** Feeds sequence numbers of one stream, 20 ms apart, and answers what each of them was. */
function arrivals(sequences: readonly number[], reception = new Reception(clockRateHz)): Arrival[] {
  return sequences.map((sequence, i) =>
    reception.arrive({ ssrc: 1, sequence: sequence & 0xffff, timestamp: 160 * i }, 20 * i),
  );
}

describe('Reception (RFC 3550 appendix A)', () => {
  it.each<[string, number[], Arrival]>([
    ['the first packet', [5], { kind: 'restart' }],
    ['the next packet', [5, 6], { kind: 'newer', lost: 0 }],
    ['the next packet over the wrap', [65_535, 65_536], { kind: 'newer', lost: 0 }],
    ['a packet after a gap', [5, 9], { kind: 'newer', lost: 3 }],
    ['a packet that was overtaken', [5, 7, 6], { kind: 'late', behind: 1 }],
    ['one that was overtaken over the wrap', [65_534, 65_536, 65_535], { kind: 'late', behind: 1 }],
    ['a packet seen just before', [5, 6, 6], { kind: 'duplicate' }],
    ['a late packet seen twice', [5, 7, 6, 6], { kind: 'duplicate' }],
    ['a packet too old to know', [100, 140, 101], { kind: 'duplicate' }],
    ['a jump forward', [5, 3_006], { kind: 'restart' }],
    ['a jump back', [5_000, 1_999], { kind: 'restart' }],
    ['the widest gap that is a gap', [5, 3_005], { kind: 'newer', lost: 2_999 }],
  ])('knows %s', (_what, sequences, expected) => {
    expect(arrivals(sequences).at(-1)).toEqual(expected);
  });

  it('takes another SSRC for a new stream', () => {
    const reception = new Reception(clockRateHz);
    reception.arrive({ ssrc: 1, sequence: 5, timestamp: 0 }, 0);
    expect(reception.arrive({ ssrc: 2, sequence: 6, timestamp: 0 }, 20)).toEqual({
      kind: 'restart',
    });
  });

  it.each<[string, number[], { received: number; expected: number; lost: number }]>([
    ['nothing lost', [1, 2, 3], { received: 3, expected: 3, lost: 0 }],
    ['two lost', [1, 4], { received: 2, expected: 4, lost: 2 }],
    ['a late packet is not lost', [1, 3, 2], { received: 3, expected: 3, lost: 0 }],
    ['a duplicate fills no gap', [1, 1, 3], { received: 2, expected: 3, lost: 1 }],
    [
      'counting goes on after a restart',
      [1, 3, 9_000, 9_001],
      { received: 4, expected: 5, lost: 1 },
    ],
  ])('counts: %s', (_what, sequences, expected) => {
    const reception = new Reception(clockRateHz);
    arrivals(sequences, reception);
    expect({
      received: reception.received,
      expected: reception.expected,
      lost: reception.lost,
    }).toEqual(expected);
  });

  it('estimates no jitter for packets that come on time', () => {
    const reception = new Reception(clockRateHz);
    arrivals([1, 2, 3, 4], reception);
    expect(reception.jitterMs).toBe(0);
  });

  it('converges to the mean difference of transit times (RFC 3550 §6.4.1)', () => {
    const reception = new Reception(clockRateHz);
    for (let i = 0; i < 200; i++) {
      reception.arrive({ ssrc: 1, sequence: i, timestamp: 160 * i }, 20 * i + (i % 2) * 10);
    }
    expect(reception.jitterMs).toBeCloseTo(10, 0);
  });

  it.each([
    ['a timestamp jump', 1, 3_000_000_000],
    ['another SSRC', 2, 160],
  ])('does not explode at %s', (_what, ssrc, timestamp) => {
    const reception = new Reception(clockRateHz);
    reception.arrive({ ssrc: 1, sequence: 1, timestamp: 0 }, 0);
    reception.arrive({ ssrc, sequence: 2, timestamp }, 500);
    expect(reception.jitterMs).toBeLessThan(40);
  });
});
