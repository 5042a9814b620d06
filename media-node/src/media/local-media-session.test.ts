import { describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { silentLog } from '../ops/log.ts';
import { ownPrompts } from '../program-files.ts';
import { muLaw } from './audio/g711.ts';
import { createPhoneCodec } from './audio/phone-codec.ts';
import { addTone, toneShare } from './audio/tone.ts';
import { LocalMediaSession } from './local-media-session.ts';
import type { MediaEvent, PhoneStream } from './media-session.ts';
import { MediaTick } from './media-tick.ts';
import type { Room, RoomEvents } from './room/room.ts';
import { writeRtcp } from './rtp/rtcp.ts';
import { RtpPacket } from './rtp/rtp-packet.ts';
import type { DatagramHandler } from './rtp/rtp-port.ts';
import { TelephoneEventReader } from './rtp/telephone-event.ts';
import { SoundLibrary } from './sounds/sound-library.ts';

const remote = { address: '192.0.2.7', port: 4_000 };
const pcmu: PhoneStream = {
  codec: 'PCMU',
  payloadType: 0,
  clockRateHz: 8_000,
  telephoneEvent: { payloadType: 101, clockRateHz: 8_000 },
  ptimeMs: 20,
  opus: null,
  remote,
  srtp: null,
  send: true,
  receive: true,
};
const held: PhoneStream = { ...pcmu, send: false };
const sounds = SoundLibrary.read(ownPrompts);

interface SentDatagram {
  readonly bytes: Buffer;
  readonly to: string;
}

class FakePort {
  readonly address = '127.0.0.1';
  readonly port: number;
  readonly sent: SentDatagram[] = [];
  deliver: DatagramHandler = () => {};

  constructor(port: number) {
    this.port = port;
  }

  onDatagram(handler: DatagramHandler): void {
    this.deliver = handler;
  }

  send(bytes: Buffer, address: string, port: number): void {
    this.sent.push({ bytes: Buffer.from(bytes), to: `${address}:${port}` });
  }
}

/** A call that is up, on a clock of the test's; the room has one talker. */
function callThatIsUp(stream: PhoneStream = pcmu) {
  const clock = new FakeClock();
  const [rtp, rtcp] = [new FakePort(20_000), new FakePort(20_001)];
  const events: MediaEvent[] = [];
  let room: RoomEvents | null = null;
  const participant: Room = {
    sendCodecs: ['opus'],
    join: () => {},
    send: () => {},
    sendDigit: () => {},
    setAttributes: () => {},
    respond: () => {},
    leave: () => Promise.resolve(),
  };
  const session = new LocalMediaSession({
    ports: { rtp, rtcp },
    advertise: null,
    clock,
    tick: new MediaTick(clock),
    log: silentLog,
    sounds,
    roomAudio: 'opus',
    roomCodecs: ['opus'],
    createRoom: (roomEvents) => {
      room = roomEvents;
      return participant;
    },
    onEvent: (event) => events.push(event),
    onClosed: () => {},
  });
  session.setStream(stream);
  session.join({ url: 'ws://127.0.0.1:1', token: '', timeoutMs: 1_000 });
  const inRoom = () => {
    if (room === null) throw new Error('no room was made');
    return room;
  };
  inRoom().onJoined();
  inRoom().onTrack({ id: 'talker', participant: 'agent' });
  session.connect({ firstMediaMs: 30_000, silenceMs: 1_000 });
  let n = 0;
  /** Lets the room talk for so long, a packet of 20 ms at a time. */
  const talk = (ms: number) => {
    for (let at = 0; at < ms; at += 20) {
      const samples = new Int16Array(160);
      addTone(samples, { frequencyHz: 440, rateHz: 8_000, amplitude: 8_000, fromSample: n * 160 });
      const payload = new Uint8Array(160);
      muLaw.encode(samples, payload);
      const [sequence, timestamp] = [n & 0xffff, n * 160];
      inRoom().onFrame(
        { id: 'talker' },
        { codec: 'PCMU', ssrc: 1, payload, timestamp, sequence, marker: false },
      );
      n++;
      clock.advance(20);
    }
  };
  /** What the phone was sent, in order. */
  const packets = () =>
    rtp.sent.map(({ bytes }) => {
      const packet = new RtpPacket();
      packet.read(bytes);
      return packet;
    });
  const digits = () => {
    const reader = new TelephoneEventReader();
    return packets()
      .filter(({ payloadType }) => payloadType === 101)
      .map((packet) => reader.read(packet) ?? '')
      .join('');
  };
  return { clock, rtp, rtcp, events, session, talk, packets, digits, inRoom };
}

describe('a phone on hold', () => {
  it('is sent nothing, and finds no hole in the sequence when it is back: its time has gone on', () => {
    const { session, talk, packets } = callThatIsUp();
    talk(200);
    const before = packets();
    session.setStream(held);
    talk(4_000);
    expect(packets().length).toBe(before.length);
    session.setStream(pcmu);
    talk(200);
    const [last, first] = [before.at(-1), packets()[before.length]];
    if (last === undefined || first === undefined) throw new Error('nothing was sent');
    expect(first.sequence).toBe((last.sequence + 1) & 0xffff);
    expect((first.timestamp - last.timestamp) >>> 0).toBeGreaterThanOrEqual(8 * 4_000);
    expect((first.timestamp - last.timestamp) >>> 0).toBeLessThanOrEqual(8 * 4_100);
    expect(first.marker).toBe(true);
    expect(packets().length - before.length).toBe(10);
  });

  it('finds its time gone on when nobody speaks, too', () => {
    const { session, clock, talk, packets } = callThatIsUp();
    talk(200);
    clock.advance(400);
    const before = packets();
    session.setStream(held);
    clock.advance(4_000);
    session.setStream(pcmu);
    clock.advance(400);
    const [last, first] = [before.at(-1), packets()[before.length]];
    if (last === undefined || first === undefined) throw new Error('nothing was sent');
    expect(first.sequence).toBe((last.sequence + 1) & 0xffff);
    expect((first.timestamp - last.timestamp) >>> 0).toBeGreaterThanOrEqual(8 * 4_000);
    expect(first.marker).toBe(true);
  });

  it('gets the digits of the room when it is back, each once', () => {
    const { session, clock, inRoom, digits } = callThatIsUp();
    inRoom().onDigits('12#');
    // In the middle of the first.
    clock.advance(80);
    session.setStream(held);
    clock.advance(5_000);
    session.setStream(pcmu);
    clock.advance(2_000);
    expect(digits()).toBe('12#');
  });

  it('owes us nothing, and is silent a second after it is back', () => {
    const { session, clock, events, rtp } = callThatIsUp();
    rtp.deliver(
      Buffer.from(`8000000100000000${'00000001'}${'ff'.repeat(160)}`, 'hex'),
      '192.0.2.7',
      4_000,
    );
    session.setStream(held);
    clock.advance(60_000);
    expect(events).not.toContainEqual({ kind: 'silent' });
    session.setStream(pcmu);
    clock.advance(900);
    expect(events).not.toContainEqual({ kind: 'silent' });
    clock.advance(1_200);
    expect(events).toContainEqual({ kind: 'silent' });
  });

  it('reports go on, as receiver reports where nothing was ever sent', () => {
    const { clock, rtcp } = callThatIsUp(held);
    clock.advance(20_000);
    expect(rtcp.sent.length).toBeGreaterThan(1);
    expect(new Set(rtcp.sent.map(({ bytes }) => bytes.readUInt8(1)))).toEqual(new Set([201]));
  });

  it('with c=0.0.0.0 (RFC 2543) loses nothing that is known of it, and 0.0.0.0 is sent nothing', () => {
    const { session, clock, rtp, rtcp } = callThatIsUp({
      ...pcmu,
      signallingAddress: '203.0.113.9',
    });
    // Behind a NAT: four packets lock it.
    for (let n = 0; n < 5; n++) {
      const header = `8000000${n}0000${(n * 160).toString(16).padStart(4, '0')}00000001`;
      rtp.deliver(Buffer.from(`${header}${'ff'.repeat(160)}`, 'hex'), '203.0.113.9', 31_022);
      clock.advance(20);
    }
    session.setStream({
      ...held,
      remote: { address: '0.0.0.0', port: 4_000 },
      signallingAddress: '203.0.113.9',
    });
    clock.advance(20_000);
    rtp.sent.length = 0;
    session.setStream({ ...pcmu, signallingAddress: '203.0.113.9' });
    clock.advance(400);
    expect(new Set(rtp.sent.map(({ to }) => to))).toEqual(new Set(['203.0.113.9:31022']));
    expect(new Set(rtcp.sent.map(({ to }) => to))).toEqual(new Set(['203.0.113.9:31023']));
  });
});

describe('a phone that is offered something new in the middle of a digit', () => {
  it.each([
    ['another codec', { codec: 'PCMA', payloadType: 8 }],
    ['longer packets', { ptimeMs: 40 }],
  ] as const)('(%s) hears each digit once, in one stream', (_what, change) => {
    const { session, clock, inRoom, digits, packets } = callThatIsUp();
    inRoom().onDigits('12');
    clock.advance(80);
    session.setStream({ ...pcmu, ...change });
    clock.advance(2_000);
    expect(digits()).toBe('12');
    expect(new Set(packets().map(({ ssrc }) => ssrc)).size).toBe(1);
    const sequences = packets().map(({ sequence }) => sequence);
    const holes = sequences.filter(
      (sequence, i) => i > 0 && sequence !== (((sequences[i - 1] ?? 0) + 1) & 0xffff),
    );
    expect(holes).toEqual([]);
  });

  it('(a codec with another clock) hears each digit once, and those that wait in the new clock', () => {
    const { session, clock, inRoom, digits, packets } = callThatIsUp();
    inRoom().onDigits('12');
    clock.advance(80);
    session.setStream({
      ...pcmu,
      codec: 'opus',
      payloadType: 96,
      clockRateHz: 48_000,
      telephoneEvent: { payloadType: 101, clockRateHz: 48_000 },
    });
    clock.advance(2_000);
    expect(digits()).toBe('12');
    const last = packets().findLast(({ payloadType }) => payloadType === 101);
    expect(Buffer.from(last?.payload ?? []).readUInt16BE(2)).toBe(48 * 160);
  });
});

describe('a phone that changes its codec', () => {
  const g722 = { ...pcmu, codec: 'G722', payloadType: 9 } as const;
  const opus = { ...pcmu, codec: 'opus', payloadType: 96, clockRateHz: 48_000 } as const;
  const audio = (sequence: number, payloadType: number) => {
    const header = `80${payloadType.toString(16).padStart(2, '0')}${sequence.toString(16).padStart(4, '0')}`;
    const timestamp = (sequence * 960).toString(16).padStart(8, '0');
    return Buffer.from(`${header}${timestamp}00000001${'ff'.repeat(160)}`, 'hex');
  };

  it('hears what is played to it in the same pitch', () => {
    const { session, clock, packets } = callThatIsUp();
    session.play('ringback');
    clock.advance(200);
    const before = packets().length;
    session.setStream(g722);
    clock.advance(800);
    const codec = createPhoneCodec('G722');
    const heard = Int16Array.from(
      packets()
        .slice(before)
        .flatMap(({ payload }) => [...(codec.decode(payload) ?? [])]),
    );
    expect(toneShare(heard.subarray(3_200, 9_600), 425, 16_000)).toBeGreaterThan(0.9);
  });

  it('is counted on, also what it says of its own losses', () => {
    const { session, clock, rtp, rtcp } = callThatIsUp();
    const hear = (sequence: number, payloadType: number) => {
      rtp.deliver(audio(sequence, payloadType), remote.address, remote.port);
      clock.advance(20);
    };
    const lose = (lost: number) => {
      const ssrc = rtp.sent.at(-1)?.bytes.readUInt32BE(8) ?? 0;
      const report = writeRtcp(1, 'phone', null, {
        ...{ ssrc, fractionLost: 0, lost, highestSequence: 1, jitterTicks: 0 },
        ...{ lastReport: 0, sinceLastReport: 0 },
      });
      rtcp.deliver(report, remote.address, remote.port + 1);
    };
    for (const n of [1, 2, 4]) hear(n, 0);
    clock.advance(3_000);
    lose(5);
    session.setStream(opus);
    for (const n of [5, 6, 8]) hear(n, 96);
    clock.advance(3_000);
    lose(2);
    expect(session.rtp).toMatchObject({ received: 6, lost: 2, lostAtPhone: 7 });
  });
});

describe('a phone that sends more keys than anybody presses', () => {
  it('is heard no further, and again when it has calmed down', () => {
    const { session, clock, events } = callThatIsUp();
    const heard = () => events.filter(({ kind }) => kind === 'digit').length;
    for (let n = 0; n < 1_000; n++) session.receiveDigit('5');
    expect(heard()).toBe(64);
    clock.advance(1_000);
    for (let n = 0; n < 10; n++) session.receiveDigit('6');
    expect(heard()).toBe(74);
  });
});

describe('a phone whose media never came', () => {
  it('is silent when the first packet is overdue, and not before', () => {
    const { clock, events } = callThatIsUp();
    clock.advance(29_900);
    expect(events).not.toContainEqual({ kind: 'silent' });
    clock.advance(1_200);
    expect(events).toContainEqual({ kind: 'silent' });
  });
});

describe('a phone whose media has died', () => {
  it('is silent though it refreshes its session', () => {
    const { session, clock, events, rtp } = callThatIsUp();
    rtp.deliver(
      Buffer.from(`8000000100000000${'00000001'}${'ff'.repeat(160)}`, 'hex'),
      '192.0.2.7',
      4_000,
    );
    for (let i = 0; i < 6; i++) {
      clock.advance(500);
      session.setStream({ ...pcmu });
    }
    expect(events).toContainEqual({ kind: 'silent' });
  });
});
