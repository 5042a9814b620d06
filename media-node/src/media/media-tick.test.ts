import { describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { lateTickBoundsMs } from './media-figures.ts';
import { MediaTick } from './media-tick.ts';

describe('MediaTick', () => {
  it('ticks every 20 ms on a grid and once a second beside it', () => {
    const clock = new FakeClock();
    const tick = new MediaTick(clock);
    const fast: number[] = [];
    const slow: number[] = [];
    const stopFast = tick.everyTick((now) => fast.push(now));
    const stopSlow = tick.everySecond((now) => slow.push(now));
    clock.advance(2_000);
    expect(fast.length).toBe(100);
    expect(fast.slice(0, 3)).toEqual([20, 40, 60]);
    expect(slow).toEqual([1_000, 2_000]);
    stopFast();
    stopSlow();
  });

  it('counts its ticks by how late they come', () => {
    const clock = new FakeClock();
    const tick = new MediaTick(clock);
    let stallMs = 0;
    const stop = tick.everyTick(() => {
      clock.stall(stallMs);
      stallMs = 0;
    });
    clock.advance(40);
    // The tick at 60 ms blocks the process for 95 ms: the next, due at 80, comes at 155.
    stallMs = 95;
    clock.advance(120);
    stop();
    const counted = tick.lateTicks.map((count, index) => [lateTickBoundsMs[index] ?? null, count]);
    expect(counted.filter(([, count]) => count !== 0)).toEqual([
      [1, 4],
      [100, 1],
    ]);
  });

  it('runs no timer when nobody listens', () => {
    const clock = new FakeClock();
    const tick = new MediaTick(clock);
    expect(clock.pending).toBe(0);
    const stop = tick.everyTick(() => {});
    expect(clock.pending).toBe(1);
    stop();
    expect(clock.pending).toBe(0);
  });

  it('lets a listener stop itself or another during a tick', () => {
    const clock = new FakeClock();
    const tick = new MediaTick(clock);
    let calls = 0;
    const stops = [0, 1].map(() =>
      tick.everyTick(() => {
        calls++;
        for (const stop of stops) stop();
      }),
    );
    clock.advance(100);
    expect(calls).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('does not catch up after a stall', () => {
    const clock = new FakeClock();
    const tick = new MediaTick(clock);
    const seen: number[] = [];
    const stop = tick.everyTick((now) => {
      seen.push(now);
      // The process is busy for 100 ms in its second tick.
      if (seen.length === 2) clock.advance(100);
    });
    clock.advance(200);
    stop();
    expect(seen.length).toBeLessThan(12);
  });
});
