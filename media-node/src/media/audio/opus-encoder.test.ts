import { describe, expect, it } from 'vitest';
import type { OpusWishes } from '../media-session.ts';
import { isOpusSilence } from './opus.ts';
import { OpusEncoder } from './opus-encoder.ts';
import { addTone } from './tone.ts';

const rateHz = 16_000;

/** Two seconds of a tone that swells, in packets of 20 ms. */
function coded(wishes: Partial<OpusWishes>): Uint8Array[] {
  const encoder = new OpusEncoder(rateHz, {
    maxAverageBitRate: null,
    maxPlaybackRateHz: 48_000,
    isConstantRate: false,
    usesFec: false,
    usesDtx: false,
    ...wishes,
  });
  return Array.from({ length: 100 }, (_, n) => {
    const samples = new Int16Array(rateHz / 50);
    const amplitude = 1_000 + 100 * n;
    addTone(samples, { frequencyHz: 440, rateHz, amplitude, fromSample: n * samples.length });
    return Uint8Array.from(encoder.encode(samples));
  });
}

const bitRate = (packets: readonly Uint8Array[]) =>
  (packets.reduce((sum, { length }) => sum + 8 * length, 0) * 50) / packets.length;

/** Bandwidths of the TOC bytes (RFC 6716 §3.1): the mode and how wide it is, without the frame's length. */
const configurations = (packets: readonly Uint8Array[]) =>
  new Set(packets.slice(10).map(([toc = 0]) => toc >> 3));

describe('OpusEncoder toward a phone (RFC 7587 §6.1)', () => {
  it.each([8_000, 12_000, 20_000, 32_000])('keeps to maxaveragebitrate=%i', (most) => {
    expect(bitRate(coded({ maxAverageBitRate: most }))).toBeLessThan(1.1 * most);
  });

  it('sends packets of one size for cbr=1, and of many without', () => {
    const sizes = (packets: readonly Uint8Array[]) => new Set(packets.map(({ length }) => length));
    expect(sizes(coded({ isConstantRate: true })).size).toBe(1);
    expect(sizes(coded({})).size).toBeGreaterThan(1);
  });

  it('codes no more than the phone plays (maxplaybackrate=8000: CELT, narrowband)', () => {
    const narrowbandCelt = [16, 17, 18, 19];
    for (const configuration of configurations(coded({ maxPlaybackRateHz: 8_000 })))
      expect(narrowbandCelt).toContain(configuration);
  });

  it('adds the copy of the packet before for useinbandfec=1 where the rate asks for the speech mode', () => {
    const withCopies = (usesFec: boolean) =>
      coded({ maxAverageBitRate: 20_000, usesFec }).filter(
        ([, second = 0]) => (second & 0x40) !== 0,
      ).length;
    expect(withCopies(true)).toBeGreaterThan(50);
    expect(withCopies(false)).toBe(0);
  });

  it('tells pauses without sound for usedtx=1', () => {
    const silent = (usesDtx: boolean) => {
      const encoder = new OpusEncoder(rateHz, {
        maxAverageBitRate: null,
        maxPlaybackRateHz: 48_000,
        isConstantRate: false,
        usesFec: false,
        usesDtx,
      });
      const packets = Array.from({ length: 50 }, () =>
        Uint8Array.from(encoder.encode(new Int16Array(rateHz / 50))),
      );
      return packets.filter(isOpusSilence).length;
    };
    expect(silent(true)).toBeGreaterThan(20);
    expect(silent(false)).toBe(0);
  });
});
