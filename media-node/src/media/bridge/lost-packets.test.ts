import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { muLaw } from '../audio/g711.ts';
import { createPhoneCodec } from '../audio/phone-codec.ts';
import { decibelsRight, speak } from '../audio/speech.fake.ts';
import type { EncodedFrame } from '../room/room.ts';
import { RtpPacket } from '../rtp/rtp-packet.ts';
import { MixedTrack } from './mixed-track.ts';
import { RoomToPhone } from './room-to-phone.ts';

/** Of what is made up it is 6, of copies 26. */
const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;

const speech = speak(1_000, true);

function frame(n: number): EncodedFrame {
  const payload = speech[n % speech.length] ?? new Uint8Array();
  return { codec: 'opus', ssrc: 5, payload, timestamp: n * 960, sequence: n, marker: false };
}

/** What a phone hears of the track, by the number of the packet. */
function towardPhone() {
  const heard: Int16Array[] = [];
  const bridge = new RoomToPhone({
    before: null,
    codec: createPhoneCodec('PCMU'),
    payloadType: 0,
    ptimeMs: 20,
    opus: null,
    clock: new FakeClock(),
    send: (bytes) => {
      const packet = new RtpPacket();
      packet.read(bytes);
      const samples = new Int16Array(packet.payload.length);
      muLaw.decode(packet.payload, samples);
      heard.push(samples);
    },
  });
  const step = (n: number, isLost: boolean) => {
    if (!isLost) bridge.frame(frame(n), n * 20);
  };
  return { heard, step };
}

/** What a mix has of it. */
function towardMix() {
  const heard: Int16Array[] = [];
  const track = new MixedTrack(8_000);
  const step = (n: number, isLost: boolean) => {
    if (!isLost) track.push(frame(n), n * 20);
    const sum = new Int32Array(160);
    if (track.read(sum)) heard.push(Int16Array.from(sum));
  };
  return { heard, step };
}

describe.each([
  ['the phone', towardPhone],
  ['a mix', towardMix],
])('a packet that is lost on its way to %s', (_what, open) => {
  it('is taken from the copy in the next', async () => {
    const [lossy, whole] = [open(), open()];
    let n = 0;
    // The decoder that can do it is loaded when the first copy is seen.
    await vi.waitFor(() => {
      const right: number[] = [];
      for (let i = 0; i < 300; i++, n++) {
        whole.step(n, false);
        lossy.step(n, i % 15 === 10);
        if (i % 15 !== 14) continue;
        right.push(
          decibelsRight(whole.heard[n - 4] ?? new Int16Array(), lossy.heard[n - 4] ?? null),
        );
      }
      expect(median(right)).toBeGreaterThan(15);
    }, 10_000);
  });
});
