/** Phones whose stream begins anew or pauses: what the room's listeners see of it. RFC 3550 §8.2, RFC 3551 §4.1. */
import { describe, expect, it } from 'vitest';
import { createPhoneCodec } from '../audio/phone-codec.ts';
import type { RoomSendCodec } from '../room/room.ts';
import { Reception } from '../rtp/reception.ts';
import { RtpPacket, writeRtpHeader } from '../rtp/rtp-packet.ts';
import { PhoneToRoom } from './phone-to-room.ts';

interface Step {
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly atMs: number;
}

/** What the room is sent for these packets of 20 ms: distances of sequence numbers and of time in ms, and the marker. */
function toRoom(track: RoomSendCodec, steps: readonly Step[]): [number, number, boolean][] {
  const sent: { sequence: number; timestamp: number; marker: boolean }[] = [];
  const bridge = new PhoneToRoom(createPhoneCodec('PCMU'), track, (frame) =>
    sent.push({ sequence: frame.sequence, timestamp: frame.timestamp, marker: frame.marker }),
  );
  const reception = new Reception(8_000);
  const packet = new RtpPacket();
  for (const { atMs, ...numbers } of steps) {
    const bytes = Buffer.alloc(12 + 160, 0xff);
    writeRtpHeader(bytes, { marker: false, payloadType: 0, ...numbers });
    packet.read(bytes);
    bridge.packet(packet, reception.arrive(packet, atMs), atMs);
  }
  const ticksPerMs = track === 'opus' ? 48 : 8;
  return sent.slice(1).map((one, i) => {
    const before = sent[i] ?? one;
    return [
      ((one.sequence - before.sequence) << 16) >> 16,
      ((one.timestamp - before.timestamp) | 0) / ticksPerMs,
      one.marker,
    ];
  });
}

const first: Step = { ssrc: 1, sequence: 1, timestamp: 8_000, atMs: 0 };

describe.each(['opus', 'PCMU'] as const)('toward %s', (track) => {
  it.each([
    ['far away', 3_000_000_000],
    ['a little ahead', 8_000 + 8 * 300],
    ['a little behind', 8_000 - 8 * 300],
  ])('another SSRC goes on by what really passed, its timestamps %s', (_where, timestamp) => {
    const steps = [
      first,
      { ssrc: 2, sequence: 7, timestamp, atMs: 40 },
      { ssrc: 2, sequence: 8, timestamp: timestamp + 160, atMs: 60 },
    ];
    expect(toRoom(track, steps)).toEqual([
      [1, 40, true],
      [1, 20, false],
    ]);
  });

  it('a pause without packets (DTX) is time that passes and no loss', () => {
    const steps = [
      first,
      { ssrc: 1, sequence: 2, timestamp: 8_160, atMs: 20 },
      { ssrc: 1, sequence: 3, timestamp: 8_160 + 8 * 2_000, atMs: 2_020 },
    ];
    expect(toRoom(track, steps)).toEqual([
      [1, 20, false],
      [1, 2_000, false],
    ]);
  });
});
