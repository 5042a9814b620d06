import { describe, expect, it, vi } from 'vitest';
import { OpusDecoder } from './opus.ts';
import { hasCopy, RepairingOpusDecoder } from './opus-repair.ts';
import { decibelsRight, speak } from './speech.fake.ts';

const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;

describe('RepairingOpusDecoder', () => {
  it('gives back what was lost from the copy in the packet that follows, nearer than what is made up', async () => {
    const packets = speak(300, true);
    const whole = new OpusDecoder(8_000);
    const right = packets.map((packet) => Int16Array.from(whole.decode(packet) ?? []));
    const plain = new OpusDecoder(8_000);
    const repairing = new RepairingOpusDecoder(8_000);
    for (const packet of packets.slice(0, 40)) repairing.decode(packet);
    await vi.waitFor(() => expect(repairing.canRepair).toBe(true), 10_000);
    for (const packet of packets.slice(0, 40)) plain.decode(packet);
    const [madeUp, recovered, afterwards]: [number[], number[], number[]] = [[], [], []];
    for (const [n, packet] of packets.entries()) {
      const expected = right[n] ?? new Int16Array();
      if (n < 40) continue;
      if (n % 10 === 0) {
        madeUp.push(decibelsRight(expected, plain.conceal()));
        continue;
      }
      plain.decode(packet);
      if (n % 10 === 1) {
        const before = right[n - 1] ?? new Int16Array();
        recovered.push(decibelsRight(before, repairing.recover(packet)));
        afterwards.push(decibelsRight(expected, repairing.decode(packet)));
      } else repairing.decode(packet);
    }
    expect(median(recovered)).toBeGreaterThan(median(madeUp) + 4);
    expect(median(afterwards)).toBeGreaterThan(10);
  });

  it('decodes as the other decoder does as long as nothing is lost', () => {
    const [one, other] = [new RepairingOpusDecoder(8_000), new OpusDecoder(8_000)];
    for (const packet of speak(50, true)) expect(one.decode(packet)).toEqual(other.decode(packet));
  });

  it('has nothing to recover from packets without a copy', () => {
    const decoder = new RepairingOpusDecoder(8_000);
    const packets = speak(30, false);
    for (const packet of packets) decoder.decode(packet);
    expect(packets.some(hasCopy)).toBe(false);
    expect(decoder.recover(packets[0] ?? new Uint8Array())).toBeNull();
    expect(decoder.conceal()?.length).toBe(160);
  });

  it('survives noise once it has taken over', async () => {
    const decoder = new RepairingOpusDecoder(8_000);
    const packets = speak(60, true);
    for (const packet of packets) decoder.decode(packet);
    await vi.waitFor(() => expect(decoder.canRepair).toBe(true), 10_000);
    const withCopy = packets.find(hasCopy) ?? new Uint8Array();
    expect(decoder.recover(withCopy)?.length).toBe(160);
    let state = 7;
    for (let i = 0; i < 5_000; i++) {
      const packet = Uint8Array.from({ length: i % 40 }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state >>> 24;
      });
      expect(decoder.recover(packet)?.length ?? 0).toBeLessThanOrEqual(960);
      expect(decoder.decode(packet)?.length ?? 0).toBeLessThanOrEqual(960);
      expect(decoder.conceal()?.length ?? 0).toBeLessThanOrEqual(960);
    }
    expect(decoder.decode(withCopy)?.length).toBe(160);
  });
});

it.each([
  ['the speech mode with the flag', [0x48, 0x40], true],
  ['the speech mode without', [0x48, 0x80], false],
  ['the other channel of stereo', [0x4c, 0x10], true],
  ['40 ms, whose flag comes after two of voice', [0x50, 0x20], true],
  ['CELT', [0xf8, 0x40], false],
  ['several frames', [0x49, 0x40], false],
  ['a packet without a frame', [0x48], false],
  ['nothing', [], false],
])('%s: holds a copy', (_what, bytes, is) => {
  expect(hasCopy(Uint8Array.from(bytes))).toBe(is);
});
