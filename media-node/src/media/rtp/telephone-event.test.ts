import { describe, expect, it } from 'vitest';
import { TelephoneEventReader } from './telephone-event.ts';

interface Sent {
  readonly event: number;
  readonly at: number;
  readonly duration?: number;
  readonly end?: boolean;
  readonly ssrc?: number;
}

function digitsOf(sent: readonly Sent[]): string {
  const reader = new TelephoneEventReader();
  return sent
    .map(({ event, at, duration = 160, end = false, ssrc = 1 }) =>
      reader.read({
        ssrc,
        timestamp: at >>> 0,
        payload: Uint8Array.of(event, (end ? 0x80 : 0) | 10, duration >> 8, duration & 0xff),
      }),
    )
    .join('');
}

describe('TelephoneEventReader (RFC 4733)', () => {
  it.each([
    ['0', 0],
    ['9', 9],
    ['*', 10],
    ['#', 11],
    ['a', 12],
    ['d', 15],
  ])('reads %s from event %i', (digit, event) => {
    expect(digitsOf([{ event, at: 100 }])).toBe(digit);
  });

  it.each<[string, string, Sent[]]>([
    [
      'updates and three ends are one digit',
      '5',
      [
        { event: 5, at: 100, duration: 160 },
        { event: 5, at: 100, duration: 320 },
        { event: 5, at: 100, duration: 800, end: true },
        { event: 5, at: 100, duration: 800, end: true },
        { event: 5, at: 100, duration: 800, end: true },
      ],
    ],
    ['a lost start still gives the digit', '5', [{ event: 5, at: 100, duration: 640 }]],
    ['an end alone gives the digit', '5', [{ event: 5, at: 100, duration: 800, end: true }]],
    [
      'two equal digits 40 ms apart whose ends were lost are two',
      '55',
      [
        { event: 5, at: 100, duration: 320 },
        { event: 5, at: 740, duration: 160 },
      ],
    ],
    [
      'an end of the digit before, overtaken, is nothing new',
      '56',
      [
        { event: 5, at: 100 },
        { event: 6, at: 900 },
        { event: 5, at: 100, end: true },
      ],
    ],
    [
      'a key held beyond 65,535 ticks is one digit (§2.5.1.3)',
      '5',
      [
        { event: 5, at: 100, duration: 0xffff },
        { event: 5, at: 100 + 0xffff, duration: 160 },
        { event: 5, at: 100 + 0xffff, duration: 800, end: true },
      ],
    ],
    [
      'the same key pressed again 65,535 ticks after one that ended is two',
      '55',
      [
        { event: 5, at: 100, duration: 800, end: true },
        { event: 5, at: 100 + 0xffff },
      ],
    ],
    [
      'timestamps wrap',
      '12',
      [
        { event: 1, at: 0xffffff00 },
        { event: 2, at: 0x100 },
      ],
    ],
    [
      'another SSRC begins anew, whatever its timestamp',
      '12',
      [
        { event: 1, at: 5_000, ssrc: 1 },
        { event: 2, at: 100, ssrc: 2 },
      ],
    ],
    ['a flash (event 16) is no digit', '', [{ event: 16, at: 100 }]],
  ])('%s', (_what, digits, sent) => {
    expect(digitsOf(sent)).toBe(digits);
  });

  it('counts a key held beyond 65,535 units of 8000 Hz as one digit in a stream of 48000 Hz', () => {
    const reader = new TelephoneEventReader(6);
    const packet = (timestamp: number) => ({
      ssrc: 1,
      timestamp,
      payload: Uint8Array.of(5, 10, 0xff, 0xff),
    });
    expect([packet(100), packet(100 + 6 * 0xffff)].map((one) => reader.read(one))).toEqual([
      '5',
      null,
    ]);
  });

  it.each([0, 1, 2, 3])('ignores a payload of %i bytes', (length) => {
    const reader = new TelephoneEventReader();
    expect(reader.read({ ssrc: 1, timestamp: 1, payload: new Uint8Array(length) })).toBeNull();
  });
});
