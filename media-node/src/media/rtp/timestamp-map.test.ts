import { describe, expect, it } from 'vitest';
import { TimestampMap } from './timestamp-map.ts';

/** Feeds [timestamp, arrival in ms] pairs from 8 kHz to 48 kHz and answers the steps of the outgoing time, ms. */
function steps(pairs: readonly (readonly [number, number])[], start = 0): number[] {
  const map = new TimestampMap({ inputClockHz: 8_000, outputClockHz: 48_000, start });
  const out = pairs.map(([timestamp, at]) => map.forward(timestamp >>> 0, at));
  return out.slice(1).map((value, i) => ((value - (out[i] ?? 0)) | 0) / 48);
}

describe('TimestampMap', () => {
  it('begins where it is told', () => {
    const map = new TimestampMap({ inputClockHz: 8_000, outputClockHz: 48_000, start: 77 });
    expect(map.forward(123, 5)).toBe(77);
  });

  it.each<[string, (readonly [number, number])[], number[]]>([
    [
      'keeps 20 ms 20 ms',
      [
        [0, 0],
        [160, 20],
        [320, 40],
      ],
      [20, 20],
    ],
    [
      'keeps the source time of packets that come in a burst',
      [
        [0, 0],
        [160, 400],
        [320, 400],
      ],
      [20, 20],
    ],
    [
      'keeps a gap of silence',
      [
        [0, 0],
        [8_000, 1_000],
      ],
      [1_000],
    ],
    [
      'wraps with the source',
      [
        [0xffffff60, 0],
        [0, 20],
      ],
      [20],
    ],
    [
      'goes on by what really passed when the timestamps jump ahead',
      [
        [0, 0],
        [4_000_000, 60],
      ],
      [60],
    ],
    [
      'and when they jump back',
      [
        [4_000_000, 0],
        [0, 60],
      ],
      [60],
    ],
    [
      'and when the source stood still for long',
      [
        [0, 0],
        [160, 5_000],
      ],
      [5_000],
    ],
    [
      'steps a frame at least when a jump comes at once',
      [
        [0, 0],
        [4_000_000, 1],
      ],
      [20],
    ],
  ])('%s', (_what, pairs, expected) => {
    expect(steps(pairs)).toEqual(expected);
    expect(steps(pairs, 0xffffff00)).toEqual(expected);
  });

  it('goes on by what really passed when told that another stream begins', () => {
    const map = new TimestampMap({ inputClockHz: 8_000, outputClockHz: 48_000, start: 0 });
    map.forward(1_000, 10);
    map.restart(16_000);
    expect(map.forward(1_160, 50)).toBe(40 * 48);
    expect(map.forward(1_480, 70)).toBe(60 * 48);
  });

  it('does not drift on timestamps that are no multiple of the ratio', () => {
    const map = new TimestampMap({ inputClockHz: 48_000, outputClockHz: 8_000, start: 0 });
    let out = 0;
    for (let i = 0; i <= 6_000; i++) out = map.forward(i * 961, i * 20);
    expect(out).toBe(961_000);
  });

  it('places a packet that was overtaken where it belongs', () => {
    const map = new TimestampMap({ inputClockHz: 8_000, outputClockHz: 48_000, start: 0 });
    map.forward(0, 0);
    map.forward(320, 40);
    expect(map.late(160)).toBe(960);
    expect(map.late(320)).toBeNull();
    expect(map.late(0xfffff000)).toBeNull();
  });

  it('shifts what follows when the outgoing time was moved', () => {
    const map = new TimestampMap({ inputClockHz: 8_000, outputClockHz: 48_000, start: 0 });
    map.forward(0, 0);
    map.shiftTo(5_000);
    expect(map.forward(160, 20)).toBe(5_960);
  });
});
