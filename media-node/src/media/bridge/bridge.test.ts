import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { muLaw } from '../audio/g711.ts';
import { OpusDecoder } from '../audio/opus.ts';
import { OpusEncoder } from '../audio/opus-encoder.ts';
import { createPhoneCodec } from '../audio/phone-codec.ts';
import { addTone, toneShare } from '../audio/tone.ts';
import type { EncodedFrame, RoomSendCodec } from '../room/room.ts';
import { Reception } from '../rtp/reception.ts';
import { RtpPacket, writeRtpHeader } from '../rtp/rtp-packet.ts';
import { PhoneToRoom } from './phone-to-room.ts';
import { RoomToPhone } from './room-to-phone.ts';

interface Sent {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Uint8Array;
  readonly level: number;
}

function tone(samples: number, fromSample: number, rateHz: number): Int16Array {
  const result = new Int16Array(samples);
  addTone(result, { frequencyHz: 440, rateHz, amplitude: 8_000, fromSample });
  return result;
}

/** A phone that sends packets of `samples`; each step names the packet's number and when it arrives. */
function fromPhone(
  samples: number,
  steps: readonly (readonly [number, number])[],
  track: RoomSendCodec = 'opus',
): Sent[] {
  const sent: Sent[] = [];
  const bridge = new PhoneToRoom(createPhoneCodec('PCMU'), track, (frame, level) =>
    sent.push({
      sequence: frame.sequence,
      timestamp: frame.timestamp,
      marker: frame.marker,
      payload: Uint8Array.from(frame.payload),
      level,
    }),
  );
  const reception = new Reception(8_000);
  const packet = new RtpPacket();
  for (const [n, now] of steps) {
    const bytes = Buffer.alloc(12 + samples);
    const header = { marker: false, payloadType: 0, sequence: n, timestamp: n * samples, ssrc: 1 };
    muLaw.encode(tone(samples, n * samples, 8_000), bytes.subarray(writeRtpHeader(bytes, header)));
    packet.read(bytes);
    bridge.packet(packet, reception.arrive(packet, now), now);
  }
  return sent;
}

/** Steps between what was sent: sequence numbers, and ms of 48 kHz time. */
function spacing(sent: readonly Sent[]): [number, number][] {
  return sent.slice(1).map((one, i) => {
    const before = sent[i] ?? one;
    return [
      ((one.sequence - before.sequence) << 16) >> 16,
      ((one.timestamp - before.timestamp) | 0) / 48,
    ];
  });
}

const inTime = (count: number, ms: number) =>
  Array.from({ length: count }, (_, n) => [n, n * ms] as const);

describe('PhoneToRoom', () => {
  it.each([
    [80, 10],
    [160, 20],
    [320, 40],
    [480, 60],
  ])('hands packets of %i samples on one for one', (samples, ms) => {
    const sent = fromPhone(samples, inTime(5, ms));
    expect(sent.length).toBe(5);
    expect(spacing(sent)).toEqual(Array.from({ length: 4 }, () => [1, ms]));
  });

  it('cuts packets of 30 ms into 20 and 10, and counts a lost one as two', () => {
    const sent = fromPhone(240, [
      [0, 0],
      [1, 30],
      [3, 90],
    ]);
    expect(spacing(sent)).toEqual([
      [1, 20],
      [1, 10],
      [1, 20],
      [3, 40],
      [1, 20],
    ]);
  });

  it.each<[string, readonly (readonly [number, number])[], [number, number][]]>([
    [
      'a loss stays a gap',
      [
        [0, 0],
        [3, 60],
      ],
      [[3, 60]],
    ],
    [
      'a duplicate is heard once',
      [
        [0, 0],
        [1, 20],
        [1, 21],
        [2, 40],
      ],
      [
        [1, 20],
        [1, 20],
      ],
    ],
    [
      'a packet that was overtaken goes where it belongs',
      [
        [0, 0],
        [2, 40],
        [1, 41],
      ],
      [
        [2, 40],
        [-1, -20],
      ],
    ],
    [
      'a jump of the numbers goes on by what really passed',
      [
        [0, 0],
        [9_000, 40],
      ],
      [[1, 40]],
    ],
  ])('%s', (_what, steps, expected) => {
    expect(spacing(fromPhone(160, steps))).toEqual(expected);
  });

  it.each([80, 160, 240, 480])(
    'passes G.711 of %i samples on as it came where our track is the same',
    (samples) => {
      const steps = [
        [0, 0],
        [1, samples / 8],
        [3, (3 * samples) / 8],
      ] as const;
      const sent = fromPhone(samples, steps, 'PCMU');
      const expected = new Uint8Array(samples);
      muLaw.encode(tone(samples, samples, 8_000), expected);
      expect(sent[1]?.payload).toEqual(expected);
      expect(sent.map((one) => one.sequence - (sent[0]?.sequence ?? 0))).toEqual([0, 1, 3]);
      expect(sent.map((one) => (one.timestamp - (sent[0]?.timestamp ?? 0)) >>> 0)).toEqual([
        0,
        samples,
        3 * samples,
      ]);
      expect(sent.at(-1)?.level).toBe(-15);
    },
  );

  it('codes what does not pass, so that the track stays what it is', () => {
    const sent: { codec: string; ticks: number; length: number }[] = [];
    const bridge = new PhoneToRoom(
      createPhoneCodec('PCMU'),
      'PCMU',
      ({ codec, timestamp, payload }) =>
        sent.push({ codec, ticks: timestamp, length: payload.length }),
    );
    const reception = new Reception(8_000);
    const packet = new RtpPacket();
    const bytes = Buffer.alloc(12 + 160);
    for (let n = 0; n < 10; n++) {
      if (n === 5) bridge.setCodec(createPhoneCodec('G722'));
      writeRtpHeader(bytes, {
        marker: false,
        payloadType: 0,
        sequence: n,
        timestamp: n * 160,
        ssrc: 1,
      });
      packet.read(bytes);
      bridge.packet(packet, reception.arrive(packet, n * 20), n * 20);
    }
    expect(sent.map(({ codec }) => codec)).toEqual(Array.from({ length: 10 }, () => 'PCMU'));
    expect(sent.slice(-3).map(({ length }) => length)).toEqual([160, 160, 160]);
    expect(((sent[9]?.ticks ?? 0) - (sent[8]?.ticks ?? 0)) >>> 0).toBe(160);
  });

  it('marks the first packet and tells its level', () => {
    const sent = fromPhone(160, inTime(3, 20));
    expect(sent.map(({ marker }) => marker)).toEqual([true, false, false]);
    expect(sent.at(-1)?.level).toBe(-15);
  });

  it('keeps the tone', () => {
    const decoder = new OpusDecoder(8_000);
    const heard = fromPhone(160, inTime(50, 20)).flatMap(({ payload }) => [
      ...(decoder.decode(payload) ?? []),
    ]);
    expect(toneShare(Int16Array.from(heard.slice(1_600)), 440, 8_000)).toBeGreaterThan(0.95);
  });
});

/** A room track of Opus frames toward a PCMU phone. */
function towardPhone(frameMs = 20, ptimeMs = 20) {
  const packets: RtpPacket[] = [];
  const bridge = new RoomToPhone({
    before: null,
    codec: createPhoneCodec('PCMU'),
    payloadType: 0,
    ptimeMs,
    opus: null,
    clock: new FakeClock(),
    send: (bytes) => {
      const packet = new RtpPacket();
      packet.read(Buffer.from(bytes));
      packets.push(packet);
    },
  });
  const encoder = new OpusEncoder(48_000);
  const samples = 48 * frameMs;
  const frame = (n: number, change: Partial<EncodedFrame> = {}): EncodedFrame => ({
    codec: 'opus',
    ssrc: 5,
    payload: encoder.encode(tone(samples, n * samples, 48_000)),
    timestamp: n * samples,
    sequence: n,
    marker: false,
    ...change,
  });
  return { bridge, packets, frame };
}

function phoneSpacing(packets: readonly RtpPacket[]): [number, number][] {
  return packets.slice(1).map((one, i) => {
    const before = packets[i] ?? one;
    return [one.sequence - before.sequence, ((one.timestamp - before.timestamp) | 0) / 8];
  });
}

describe('RoomToPhone', () => {
  it('sends each frame at once as one packet of 20 ms under one SSRC, and keeps the tone', () => {
    const { bridge, packets, frame } = towardPhone();
    for (let n = 0; n < 50; n++) bridge.frame(frame(n), n * 20);
    expect(phoneSpacing(packets)).toEqual(Array.from({ length: 49 }, () => [1, 20]));
    expect(new Set(packets.map((packet) => packet.ssrc)).size).toBe(1);
    const heard = new Int16Array(160 * packets.length);
    for (const [i, packet] of packets.entries()) {
      muLaw.decode(packet.payload, heard.subarray(160 * i, 160 * i + 160));
    }
    expect(toneShare(heard.subarray(1_600), 440, 8_000)).toBeGreaterThan(0.95);
  });

  it.each([
    [10, 10, 5],
    [40, 5, 10],
    [60, 5, 15],
  ])('turns frames of %i ms into packets of 20 ms', (frameMs, frames, count) => {
    const { bridge, packets, frame } = towardPhone(frameMs);
    for (let n = 0; n < frames; n++) bridge.frame(frame(n), n * frameMs);
    expect(packets.length).toBe(count);
    expect(phoneSpacing(packets)).toEqual(Array.from({ length: count - 1 }, () => [1, 20]));
  });

  it.each([
    [10, 100],
    [30, 33],
    [40, 25],
    [60, 16],
  ])('sends packets of %i ms to a phone that asks for them', (ptimeMs, count) => {
    const { bridge, packets, frame } = towardPhone(20, ptimeMs);
    for (let n = 0; n < 50; n++) bridge.frame(frame(n), n * 20);
    expect(packets.length).toBe(count);
    expect(phoneSpacing(packets)).toEqual(Array.from({ length: count - 1 }, () => [1, ptimeMs]));
    const heard = Int16Array.from(
      packets.flatMap(({ payload }) => {
        const samples = new Int16Array(8 * ptimeMs);
        muLaw.decode(payload, samples);
        return [...samples];
      }),
    );
    expect(toneShare(heard.subarray(1_600), 440, 8_000)).toBeGreaterThan(0.95);
  });

  it.each([10, 30, 60])('is silent in packets of %i ms, too', (ptimeMs) => {
    const { bridge, packets } = towardPhone(20, ptimeMs);
    for (let now = 60; now < 660; now += 20) bridge.tick(now);
    expect(packets.length).toBe(600 / ptimeMs);
    expect(phoneSpacing(packets)).toEqual(
      Array.from({ length: packets.length - 1 }, () => [1, ptimeMs]),
    );
  });

  it('counts as lost to a phone with packets of 40 ms what is lost of packets of 20 ms', () => {
    const { bridge, packets, frame } = towardPhone(20, 40);
    for (const n of [0, 1, 6, 7]) bridge.frame(frame(n), n * 20);
    expect(phoneSpacing(packets)).toEqual([[3, 120]]);
  });

  it('leaves a gap where many packets are lost', () => {
    const { bridge, packets, frame } = towardPhone();
    for (const n of [0, 1, 6]) bridge.frame(frame(n), n * 20);
    expect(phoneSpacing(packets)).toEqual([
      [1, 20],
      [5, 100],
    ]);
  });

  it.each([20, 40])(
    'fills a short loss of packets of %i ms, so that the tone goes on',
    (frameMs) => {
      const { bridge, packets, frame } = towardPhone(frameMs);
      const sent = [...Array(30).keys()].filter((n) => n !== 20 && n !== 22 && n !== 23);
      for (const n of sent) bridge.frame(frame(n), n * frameMs);
      const perFrame = frameMs / 20;
      expect(packets.length).toBe(30 * perFrame);
      expect(phoneSpacing(packets)).toEqual(
        Array.from({ length: 30 * perFrame - 1 }, () => [1, 20]),
      );
      const lost = new Int16Array(160);
      muLaw.decode(packets[20 * perFrame]?.payload ?? new Uint8Array(0), lost);
      expect(toneShare(lost, 440, 8_000)).toBeGreaterThan(0.8);
    },
  );

  it('drops a packet that comes when its place has been filled', () => {
    const { bridge, packets, frame } = towardPhone();
    for (const n of [0, 1, 3]) bridge.frame(frame(n), n * 20);
    expect(bridge.frame(frame(2), 61)).toBe(false);
    bridge.frame(frame(4), 80);
    expect(phoneSpacing(packets)).toEqual(Array.from({ length: 4 }, () => [1, 20]));
  });

  it('is silent on the tick when nobody speaks, without a pause', () => {
    const { bridge, packets } = towardPhone();
    for (let now = 20; now <= 200; now += 20) bridge.tick(now);
    expect(packets.length).toBe(8);
    expect(packets[0]?.marker).toBe(true);
    expect(phoneSpacing(packets)).toEqual(Array.from({ length: 7 }, () => [1, 20]));
    expect(new Set(packets.flatMap((packet) => [...packet.payload]))).toEqual(new Set([0xff]));
  });

  it.each([
    ['soon when the track is on DTX', Uint8Array.of(0xf8), 80],
    ['later when it only stalls', undefined, 220],
  ])('fills in %s', (_what, payload, firstAt) => {
    const { bridge, packets, frame } = towardPhone();
    bridge.frame(frame(0), 0);
    bridge.frame(frame(1, payload === undefined ? {} : { payload }), 20);
    const before = packets.length;
    let filledAt = 0;
    for (let now = 40; filledAt === 0; now += 20) {
      bridge.tick(now);
      if (packets.length > before) filledAt = now;
    }
    expect(filledAt).toBe(firstAt);
  });

  it('hears another track without going back in time', () => {
    const { bridge, packets, frame } = towardPhone();
    bridge.frame(frame(0), 0);
    bridge.switchTrack();
    bridge.frame(frame(500, { ssrc: 6, timestamp: 4_000_000_000 }), 20);
    bridge.switchTrack();
    bridge.frame(
      frame(7, { codec: 'PCMU', payload: new Uint8Array(160).fill(0xff), ssrc: 7, timestamp: 5 }),
      40,
    );
    bridge.frame(
      frame(8, { codec: 'PCMU', payload: new Uint8Array(160).fill(0xff), ssrc: 7, timestamp: 165 }),
      60,
    );
    expect(phoneSpacing(packets)).toEqual([
      [1, 20],
      [1, 20],
      [1, 20],
    ]);
  });

  it.each([
    ['an empty payload', new Uint8Array(0)],
    ['a payload that is no Opus', Uint8Array.of(0xff, 0xff, 0xff)],
  ])('drops %s and goes on', (_what, payload) => {
    const { bridge, packets, frame } = towardPhone();
    bridge.frame(frame(0), 0);
    expect(bridge.frame(frame(1, { payload }), 20)).toBe(false);
    bridge.frame(frame(2), 40);
    expect(packets.length).toBe(2);
  });
});
