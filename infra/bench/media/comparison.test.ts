import { describe, expect, it } from 'vitest';
import { comparisonTable } from './comparison.ts';
import type { Measurement } from './measurement.ts';

const peer: Measurement = {
  bridge: 'peer',
  calls: 30,
  answered: 30,
  cpuPercentPerCall: 2,
  memoryMb: 100,
  phoneToRoomMs: { count: 9, p50: 70, p95: 80, max: 90 },
  roomToPhoneMs: null,
  to180Ms: null,
  to200Ms: null,
  toChallengeMs: null,
  firstAudioAfter200Ms: null,
  firstAudioOnWireMs: null,
  deliveredToPhone: 1,
  deliveredToRoom: null,
  isVoid: false,
};
const ours: Measurement = { ...peer, bridge: 'ours', cpuPercentPerCall: 1, memoryMb: 70 };

describe('comparisonTable', () => {
  it('shows each figure with its ratio to the yardstick', () => {
    const table = comparisonTable([peer, ours], 'peer');
    expect(table).toContain('| 30 calls | peer | ours |');
    expect(table).toContain('| CPU per call, % of a core | 2.00 | 1.00 (0.50) |');
    expect(table).toContain('| answered | 30 | 30 |');
  });

  it('leaves out what nobody measured', () => {
    expect(comparisonTable([peer, ours], 'peer')).not.toContain('room to phone');
  });

  it('marks a run whose judge was short of processor', () => {
    expect(comparisonTable([{ ...ours, isVoid: true }], null)).toContain('ours (*)');
  });
});
