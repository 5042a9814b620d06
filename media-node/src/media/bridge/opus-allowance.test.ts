import { describe, expect, it } from 'vitest';
import type { OpusWishes } from '../media-session.ts';
import { OpusAllowance } from './opus-allowance.ts';

const noWishes: OpusWishes = {
  maxAverageBitRate: null,
  maxPlaybackRateHz: 48_000,
  isConstantRate: false,
  usesFec: false,
  usesDtx: false,
};

/** A packet of 20 ms (configuration 15, one frame) that makes a stream of so many bits per second. */
function packet(bitRate: number): Uint8Array {
  const bytes = new Uint8Array(bitRate / 8 / 50);
  bytes[0] = 15 << 3;
  return bytes;
}

describe('OpusAllowance (RFC 7587 §6.1)', () => {
  it.each([null, noWishes])('lets everything pass when the phone asks for nothing', (wishes) => {
    const allowance = new OpusAllowance(wishes);
    expect(Array.from({ length: 200 }, () => allowance.allows(packet(128_000)))).not.toContain(
      false,
    );
  });

  it('lets nothing pass to a phone that wants packets of one size', () => {
    expect(new OpusAllowance({ ...noWishes, isConstantRate: true }).allows(packet(8_000))).toBe(
      false,
    );
  });

  it('lets pass what stays below the average that the phone takes, a loud moment included', () => {
    const allowance = new OpusAllowance({ ...noWishes, maxAverageBitRate: 32_000 });
    const rates = Array.from({ length: 300 }, (_, n) => (n % 50 < 5 ? 64_000 : 24_000));
    expect(rates.map((rate) => allowance.allows(packet(rate)))).not.toContain(false);
  });

  it('stops for good when the average of a second is above it', () => {
    const allowance = new OpusAllowance({ ...noWishes, maxAverageBitRate: 32_000 });
    for (let n = 0; n < 100; n++) allowance.allows(packet(64_000));
    expect(allowance.allows(packet(8_000))).toBe(false);
  });
});
