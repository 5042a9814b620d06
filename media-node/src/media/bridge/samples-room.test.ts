import { describe, expect, it } from 'vitest';
import { createPhoneCodec } from '../audio/phone-codec.ts';
import { addTone, toneShare } from '../audio/tone.ts';
import type { EncodedFrame } from '../room/room.ts';
import { RtpPacket, rtpHeaderBytes, writeRtpHeader } from '../rtp/rtp-packet.ts';
import { PhoneToRoom } from './phone-to-room.ts';
import { TrackDecoder } from './track-decoder.ts';

/** Samples of L16 bytes. */
const samplesOf = (payload: Uint8Array) => new Int16Array(Uint8Array.from(payload).buffer);

describe('a room client that takes and gives samples', () => {
  it.each(['PCMU', 'G722', 'opus'] as const)('gets those of a phone that speaks %s', (name) => {
    const codec = createPhoneCodec(name);
    const heard: number[] = [];
    const frames: Pick<EncodedFrame, 'codec' | 'timestamp'>[] = [];
    const toRoom = new PhoneToRoom(
      createPhoneCodec(name),
      'L16',
      ({ codec: sent, timestamp, payload }) => {
        frames.push({ codec: sent, timestamp });
        heard.push(...samplesOf(payload));
      },
    );
    const packet = new RtpPacket();
    for (let i = 0; i < 50; i++) {
      const samples = new Int16Array(codec.sampleRateHz / 50);
      addTone(samples, {
        frequencyHz: 440,
        rateHz: codec.sampleRateHz,
        amplitude: 8_000,
        fromSample: i * samples.length,
      });
      const payload = codec.encode(samples);
      const bytes = Buffer.alloc(rtpHeaderBytes + payload.length);
      const start = writeRtpHeader(bytes, {
        marker: false,
        payloadType: 0,
        sequence: i,
        timestamp: (i * codec.clockRateHz) / 50,
        ssrc: 1,
      });
      bytes.set(payload, start);
      expect(packet.read(bytes)).toBeNull();
      toRoom.packet(packet, { kind: 'newer', lost: 0 }, i * 20);
    }
    expect(toneShare(Int16Array.from(heard.slice(4_800)), 440, 48_000)).toBeGreaterThan(0.9);
    expect(heard.length).toBeGreaterThan(45_000);
    expect(frames[0]?.codec).toBe('L16');
    expect(((frames[9]?.timestamp ?? 0) - (frames[8]?.timestamp ?? 0)) >>> 0).toBe(960);
  });

  it.each([8_000, 16_000, 48_000] as const)('is decoded to samples at %i Hz', (rateHz) => {
    const decoder = new TrackDecoder(rateHz);
    const heard: number[] = [];
    for (let i = 0; i < 50; i++) {
      const samples = new Int16Array(960);
      addTone(samples, {
        frequencyHz: 440,
        rateHz: 48_000,
        amplitude: 8_000,
        fromSample: i * 960,
      });
      heard.push(
        ...(decoder.decode({
          codec: 'L16',
          ssrc: 0,
          payload: new Uint8Array(samples.buffer),
          timestamp: i * 960,
          sequence: i,
          marker: false,
        }) ?? []),
      );
    }
    expect(toneShare(Int16Array.from(heard.slice(rateHz / 10)), 440, rateHz)).toBeGreaterThan(0.9);
  });
});
