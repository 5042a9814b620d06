import { describe, expect, it } from 'vitest';
import { OutgoingTimeline, type Place } from './outgoing-timeline.ts';

const ticks = 160;

/** A timeline from a 48 kHz track to an 8 kHz phone; its first packet has sequence 1 and timestamp 1000. */
function timeline() {
  const line = new OutgoingTimeline({
    inputClockHz: 48_000,
    outputClockHz: 8_000,
    sequence: 0,
    timestamp: 1_000,
  });
  return {
    line,
    /** The track's packet number n (20 ms each) at `now`; null: dropped. */
    track(n: number, now = n * 20): Place | null {
      const at = line.track(n * 960, now);
      return at === null ? null : line.place(at, ticks);
    },
    fill: () => line.fill(ticks),
  };
}

describe('OutgoingTimeline', () => {
  it('follows the track', () => {
    const { track } = timeline();
    expect([track(0), track(1), track(2)]).toEqual([
      { sequence: 1, timestamp: 1_000, marker: true },
      { sequence: 2, timestamp: 1_160, marker: false },
      { sequence: 3, timestamp: 1_320, marker: false },
    ]);
  });

  it('leaves a hole where packets of the track are lost, and puts a late one into it', () => {
    const { line, track } = timeline();
    track(0);
    const at = line.track(2 * 960, 40);
    line.skip(1);
    expect(line.place(at ?? 0, ticks)).toMatchObject({ sequence: 3, timestamp: 1_320 });
    expect(line.late(960, 1)).toEqual({ sequence: 2, timestamp: 1_160, marker: false });
  });

  it('fills in behind what was sent, and marks the track when it goes on', () => {
    const { track, fill } = timeline();
    track(0);
    expect([fill(), fill()]).toEqual([
      { sequence: 2, timestamp: 1_160, marker: false },
      { sequence: 3, timestamp: 1_320, marker: false },
    ]);
    expect(track(10)).toEqual({ sequence: 4, timestamp: 2_600, marker: true });
  });

  it('begins with silence when there is no track yet, and goes on with the track', () => {
    const { track, fill } = timeline();
    expect(fill()).toEqual({ sequence: 1, timestamp: 1_000, marker: true });
    expect(track(0)).toEqual({ sequence: 2, timestamp: 1_160, marker: true });
  });

  it('drops what comes late after a stall, so that the delay does not grow', () => {
    const { track, fill } = timeline();
    track(0);
    for (let i = 0; i < 10; i++) fill();
    const burst = Array.from({ length: 12 }, (_, i) => track(i + 1, 240));
    expect(burst.filter((place) => place !== null)).toEqual([
      { sequence: 12, timestamp: 2_760, marker: true },
      { sequence: 13, timestamp: 2_920, marker: false },
    ]);
  });

  it('moves a track that stays behind to where we are after 200 ms', () => {
    const { line, track, fill } = timeline();
    track(0, 0);
    for (let i = 0; i < 50; i++) fill();
    const placed: number[] = [];
    for (let n = 1; n <= 12; n++) {
      const at = line.track(n * 960, 1_000 + n * 20);
      if (at !== null) placed.push(line.place(at, ticks).timestamp);
    }
    expect(placed).toEqual([9_160, 9_320]);
  });

  it('never goes back when another track begins', () => {
    const { line, track, fill } = timeline();
    track(0, 0);
    for (let i = 0; i < 50; i++) fill();
    line.restart(8_000);
    expect(line.track(77, 30)).toBe(9_160);
    expect(line.late(0, 1)).toBeNull();
  });

  it('lets events take sequence numbers beside the audio, without moving its time', () => {
    const { line, track } = timeline();
    track(0);
    const start = line.next;
    expect(line.beside(start, true)).toEqual({ sequence: 2, timestamp: 1_160, marker: true });
    expect(track(1)).toEqual({ sequence: 3, timestamp: 1_160, marker: false });
    expect(line.beside(start, false)).toEqual({ sequence: 4, timestamp: 1_160, marker: false });
    // Where a late packet would go is an event now.
    expect(line.late(0, 1)).toBeNull();
  });
});
