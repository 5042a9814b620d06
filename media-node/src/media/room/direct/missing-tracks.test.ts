import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../clock.fake.ts';
import { MissingTracks } from './missing-tracks.ts';

function watch() {
  const clock = new FakeClock();
  let missing: string[] = [];
  const offers: [number, number][] = [];
  const tracks = new MissingTracks(
    () => missing,
    (count) => offers.push([clock.nowMono(), count]),
    clock,
  );
  return {
    clock,
    tracks,
    offers,
    miss(...ids: string[]) {
      missing = ids;
      tracks.check();
    },
  };
}

describe('MissingTracks', () => {
  it('does nothing when the server asks in time', () => {
    const { clock, miss, offers } = watch();
    miss('TR_1');
    miss();
    clock.advance(10_000);
    expect(offers).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('offers by itself, five times at most and ever more slowly', () => {
    const { clock, miss, offers } = watch();
    miss('TR_1', 'TR_2');
    clock.advance(60_000);
    expect(offers).toEqual([
      [300, 2],
      [900, 2],
      [2_100, 2],
      [4_500, 2],
      [9_300, 2],
    ]);
    miss('TR_1', 'TR_2');
    expect(clock.pending).toBe(0);
  });

  it('begins anew for other tracks', () => {
    const { clock, miss, offers } = watch();
    miss('TR_1');
    clock.advance(60_000);
    miss('TR_2');
    clock.advance(300);
    expect(offers.length).toBe(6);
  });

  it('stops', () => {
    const { clock, miss, tracks, offers } = watch();
    miss('TR_1');
    tracks.stop();
    miss('TR_1');
    clock.advance(60_000);
    expect(offers).toEqual([]);
  });
});
