import { describe, expect, it } from 'vitest';
import { TelephoneEventReader } from './telephone-event.ts';
import { TelephoneEventSender } from './telephone-event-sender.ts';

interface Packet {
  readonly atMs: number;
  readonly event: number;
  readonly isEnd: boolean;
  readonly duration: number;
  readonly isFirst: boolean;
}

function send(digits: string, ticks: number, clockRateHz = 8_000): Packet[] {
  const sender = new TelephoneEventSender(clockRateHz);
  expect(sender.queue(digits)).toBe(true);
  const packets: Packet[] = [];
  for (let i = 0; i < ticks; i++) {
    sender.tick(20, ([event = 0, flags = 0, high = 0, low = 0], isFirst) =>
      packets.push({
        atMs: i * 20,
        event,
        isEnd: flags >= 0x80,
        duration: high * 256 + low,
        isFirst,
      }),
    );
  }
  return packets;
}

describe('TelephoneEventSender (RFC 4733 §2.5.1)', () => {
  it('updates one event every 20 ms with growing duration and ends it three times', () => {
    const packets = send('5', 30);
    expect(packets.map(({ duration }) => duration)).toEqual([
      160, 320, 480, 640, 800, 960, 1_120, 1_280, 1_280, 1_280,
    ]);
    expect(packets.map(({ isEnd }) => isEnd)).toEqual([
      ...Array.from({ length: 7 }, () => false),
      true,
      true,
      true,
    ]);
    expect(packets.filter(({ isFirst }) => isFirst).length).toBe(1);
    expect(new Set(packets.map(({ event }) => event))).toEqual(new Set([5]));
  });

  it('pauses 100 ms between digits and 500 ms for a w', () => {
    const starts = send('1w*d', 100).filter(({ isFirst }) => isFirst);
    expect(starts.map(({ event }) => event)).toEqual([1, 10, 15]);
    expect(starts.map(({ atMs }) => atMs)).toEqual([0, 800, 1_100]);
  });

  it('counts in the clock of the stream', () => {
    expect(send('1', 1, 48_000)[0]?.duration).toBe(960);
  });

  it('is understood by our own reader', () => {
    const reader = new TelephoneEventReader();
    const sender = new TelephoneEventSender(8_000);
    sender.queue('0042#');
    let heard = '';
    let timestamp = 0;
    for (let i = 0; i < 100; i++) {
      sender.tick(20, (payload, isFirst) => {
        if (isFirst) timestamp = i * 160;
        heard += reader.read({ ssrc: 1, timestamp, payload }) ?? '';
      });
    }
    expect(heard).toBe('0042#');
  });

  it.each(['x', '1 2', ''.padEnd(1_000, '1')])('refuses %j as a whole', (digits) => {
    const sender = new TelephoneEventSender(8_000);
    expect(sender.queue(digits)).toBe(false);
    sender.tick(20, () => {
      throw new Error('nothing was queued');
    });
  });
});
