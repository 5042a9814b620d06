import { expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { LoadMeter } from './load-meter.ts';

/** Keeps a core busy for so much of its own time. */
function work(ms: number): void {
  const began = process.cpuUsage();
  const used = () => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1_000;
  };
  while (used() < ms);
}

it('tells which share of a core the last second took, and nothing of what came before the start', () => {
  const clock = new FakeClock();
  const meter = new LoadMeter(clock);
  work(400);
  meter.start();
  clock.advance(1_000);
  expect(meter.coresUsed).toBeLessThan(0.2);
  work(400);
  clock.advance(1_000);
  expect(meter.coresUsed).toBeGreaterThanOrEqual(0.4);
  meter.stop();
  expect(clock.pending).toBe(0);
});

it('counts the new calls of the last second', () => {
  const clock = new FakeClock();
  const meter = new LoadMeter(clock);
  meter.start();
  meter.noteCall();
  meter.noteCall();
  clock.advance(1_000);
  expect(meter.callsPerSecond).toBe(2);
  clock.advance(1_000);
  expect(meter.callsPerSecond).toBe(0);
  meter.stop();
});
