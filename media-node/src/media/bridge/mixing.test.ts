import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { muLaw } from '../audio/g711.ts';
import { OpusEncoder } from '../audio/opus-encoder.ts';
import { createPhoneCodec } from '../audio/phone-codec.ts';
import { addTone, toneShare } from '../audio/tone.ts';
import type { EncodedFrame } from '../room/room.ts';
import { RtpPacket } from '../rtp/rtp-packet.ts';
import { MixedTrack } from './mixed-track.ts';
import { Mixer } from './mixer.ts';
import { RoomListening } from './room-listening.ts';
import { RoomToPhone } from './room-to-phone.ts';

/** Packet number n of a PCMU track that plays a tone. */
function frameOf(n: number, frequencyHz: number, amplitude = 8_000): EncodedFrame {
  const samples = new Int16Array(160);
  addTone(samples, { frequencyHz, rateHz: 8_000, amplitude, fromSample: n * 160 });
  const payload = new Uint8Array(160);
  muLaw.encode(samples, payload);
  const timestamp = n * 160;
  return { codec: 'PCMU', ssrc: 1, payload, timestamp, sequence: n & 0xffff, marker: false };
}

describe('MixedTrack', () => {
  /** Lets packets arrive at these ticks and answers at which ticks there was audio. */
  function reads(arrivalTicks: readonly number[], ticks: number) {
    const track = new MixedTrack(8_000);
    const heard: number[] = [];
    for (let tick = 0; tick < ticks; tick++) {
      for (const [n, at] of arrivalTicks.entries()) {
        if (at === tick) track.push(frameOf(n, 440), tick * 20);
      }
      if (track.read(new Int32Array(160))) heard.push(tick);
    }
    return { heard, track };
  }
  const steady = (count: number) => Array.from({ length: count }, (_, n) => n);

  it('begins with the second packet and flows', () => {
    expect(reads(steady(10), 10).heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('keeps one packet more when it has run dry', () => {
    const { track } = reads([0, 1, 2, 6, 7, 8, 9], 10);
    expect(track.depth).toBe(3);
  });

  it('goes back to two when more was never needed', () => {
    const { track } = reads([0, 1, 2, ...steady(400).map((n) => n + 6)], 400);
    expect(track.depth).toBe(2);
  });

  it('does not turn a stall into delay', () => {
    const track = new MixedTrack(8_000);
    for (let n = 0; n < 50; n++) track.push(frameOf(n, 440), 0);
    let frames = 0;
    while (track.read(new Int32Array(160))) frames++;
    expect(frames).toBe(5);
  });

  it('does not take the pauses of a talker (DTX) for a buffer that is too small', () => {
    const encoder = new OpusEncoder(8_000);
    const track = new MixedTrack(8_000);
    let sequence = 0;
    const push = (payload: Uint8Array, tick: number) =>
      track.push(
        { codec: 'opus', ssrc: 1, payload, timestamp: tick * 960, sequence, marker: false },
        tick * 20,
      );
    let heard = 0;
    // A word of 200 ms, then two seconds of silence that a packet of one byte tells of each 400 ms; ten times.
    for (let tick = 0; tick < 1_100; tick++) {
      const inWord = tick % 110;
      if (inWord < 10) {
        const samples = new Int16Array(160);
        addTone(samples, { frequencyHz: 440, rateHz: 8_000, amplitude: 8_000, fromSample: 0 });
        push(encoder.encode(samples), tick);
        sequence++;
      } else if ((inWord - 10) % 20 === 0) {
        push(Uint8Array.of(0xf8), tick);
        sequence++;
      }
      if (track.read(new Int32Array(160))) heard++;
    }
    expect(track.depth).toBe(2);
    // The words, each with the first silence behind it; what follows is not decoded.
    expect(heard).toBe(10 * 11);
  });

  it('puts silence where packets are lost, so that the rest stays in time', () => {
    const track = new MixedTrack(8_000);
    const heard: boolean[] = [];
    for (const n of [0, 1, 4, 5]) track.push(frameOf(n, 440), 0);
    track.read(new Int32Array(160));
    track.push(frameOf(8, 440), 0);
    for (;;) {
      const sum = new Int32Array(160);
      if (!track.read(sum)) break;
      heard.push(sum.some((value) => value !== 0));
    }
    // Packets 4 and 5, two that were lost, 8; packet 1 was above what a burst may add.
    expect(heard).toEqual([true, true, false, false, true]);
  });

  it('drops duplicates and what was overtaken', () => {
    const track = new MixedTrack(8_000);
    for (const n of [0, 1, 1, 3, 2]) track.push(frameOf(n, 440), 0);
    let frames = 0;
    while (track.read(new Int32Array(160))) frames++;
    expect(frames).toBe(3);
  });
});

describe('Mixer', () => {
  function mix(tracks: readonly (readonly [number, number])[], frames: number): Int16Array {
    const mixer = new Mixer(8_000);
    const heard: number[] = [];
    for (let n = 0; n < frames; n++) {
      for (const [frequencyHz, amplitude] of tracks) {
        mixer.push(`${frequencyHz}`, frameOf(n, frequencyHz, amplitude), n * 20);
      }
      heard.push(...mixer.read());
    }
    return Int16Array.from(heard.slice(1_600));
  }

  it('adds tracks without changing their levels', () => {
    const heard = mix(
      [
        [500, 8_000],
        [1_100, 8_000],
      ],
      60,
    );
    expect(toneShare(heard, 500, 8_000)).toBeCloseTo(0.5, 1);
    expect(toneShare(heard, 1_100, 8_000)).toBeCloseTo(0.5, 1);
    expect(Math.max(...heard)).toBeGreaterThan(14_000);
  });

  it('turns loud sums down instead of clipping them', () => {
    const heard = mix(
      [
        [500, 30_000],
        [1_100, 30_000],
      ],
      60,
    );
    expect(toneShare(heard, 500, 8_000) + toneShare(heard, 1_100, 8_000)).toBeGreaterThan(0.97);
  });

  it('lets the level come back within a second of a loud moment', () => {
    const mixer = new Mixer(8_000);
    const peaks: number[] = [];
    for (let n = 0; n < 100; n++) {
      const amplitude = n < 10 ? 30_000 : 4_000;
      for (const hz of [500, 1_100]) mixer.push(`${hz}`, frameOf(n, hz, amplitude), n * 20);
      peaks.push(Math.max(...mixer.read()));
    }
    // Two tones of 4,000 each.
    expect(peaks[12]).toBeLessThan(6_500);
    expect(peaks[70]).toBeGreaterThan(7_000);
  });

  it('forgets a track that is gone', () => {
    const mixer = new Mixer(8_000);
    for (let n = 0; n < 3; n++) mixer.push('a', frameOf(n, 500), 0);
    mixer.remove('a');
    expect(mixer.read().every((sample) => sample === 0)).toBe(true);
  });
});

describe('RoomListening', () => {
  function listening() {
    const codec = createPhoneCodec('PCMU');
    const packets: RtpPacket[] = [];
    const output = new RoomToPhone({
      before: null,
      codec,
      payloadType: 0,
      ptimeMs: 20,
      opus: null,
      clock: new FakeClock(),
      send: (bytes) => {
        const packet = new RtpPacket();
        packet.read(Buffer.from(bytes));
        packets.push(packet);
      },
    });
    const room = new RoomListening();
    room.setOutput(output, codec);
    room.addTrack('a');
    room.addTrack('b');
    /** Packets that went out at once, and with the tick, for one packet of each of these tracks. */
    let now = 0;
    let n = 0;
    const step = (...tracks: string[]): [number, number] => {
      const before = packets.length;
      for (const track of tracks) room.frame(track, frameOf(n, track === 'a' ? 500 : 900), now);
      const atOnce = packets.length - before;
      room.tick(now);
      now += 20;
      n++;
      return [atOnce, packets.length - before - atOnce];
    };
    return { room, step, packets };
  }

  it('lets one track straight through', () => {
    const { step } = listening();
    for (let i = 0; i < 5; i++) expect(step('a')).toEqual([1, 0]);
  });

  it('mixes two on the tick, and lets one straight through again a second after the other', () => {
    const { step } = listening();
    step('a');
    for (let i = 0; i < 10; i++) expect(step('a', 'b')).toEqual([i === 0 ? 1 : 0, 1]);
    const after = Array.from({ length: 80 }, () => step('a'));
    expect(after[0]).toEqual([0, 1]);
    expect(after.at(-1)).toEqual([1, 0]);
  });

  it('costs nothing for a track that is silent (DTX): the other goes straight through', () => {
    const { room, step, packets } = listening();
    const silence = (n: number): EncodedFrame => ({
      codec: 'opus',
      ssrc: 2,
      payload: Uint8Array.of(0xf8),
      timestamp: n * 960,
      sequence: n,
      marker: false,
    });
    for (let n = 0; n < 20; n++) {
      expect(step('a')).toEqual([1, 0]);
      const before = packets.length;
      expect(room.frame('b', silence(n), n * 20)).toBe(false);
      expect(packets.length).toBe(before);
    }
  });

  it('goes over to another track when the first has paused', () => {
    const { step } = listening();
    step('a');
    for (let i = 0; i < 20; i++) step();
    expect(step('b')[0]).toBe(1);
  });

  it('ignores tracks that it was never told of, and those that ended', () => {
    const { room, step } = listening();
    expect(step('x')[0]).toBe(0);
    room.removeTrack('a');
    expect(step('a')[0]).toBe(0);
  });
});
