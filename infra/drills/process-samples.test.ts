import { describe, expect, it } from 'vitest';
import { median, type Sample, slopePerHour } from './process-samples.ts';

const look = (atS: number, descriptors: number): Sample => ({
  atS,
  descriptors,
  residentMb: 0,
  heapMb: 0,
  timers: 0,
});

describe('looks at a process', () => {
  it('show a growth an hour', () => {
    const samples = [look(0, 10), look(60, 11), look(120, 12)];
    expect(slopePerHour(samples, 'descriptors')).toBeCloseTo(60);
    expect(slopePerHour(samples, 'timers')).toBe(0);
  });

  it('show none when there was one look only', () => {
    expect(slopePerHour([look(0, 10)], 'descriptors')).toBe(0);
  });

  it('have a middle that one outlier does not move', () => {
    expect(median([look(0, 10), look(1, 900), look(2, 11)], 'descriptors')).toBe(11);
  });
});
