import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemClock } from '@callgate/media-node/src/clock.ts';
import { resample } from '@callgate/media-node/src/media/audio/resample.ts';
import { toneShare } from '@callgate/media-node/src/media/audio/tone.ts';
import { LocalMediaPool } from '@callgate/media-node/src/media/local-media-pool.ts';
import { suiteShapes } from '@callgate/media-node/src/media/rtp/srtp-keys.ts';
import { TelephoneEventReader } from '@callgate/media-node/src/media/rtp/telephone-event.ts';
import { readWav } from '@callgate/media-node/src/media/sounds/wav.ts';
import { silentLog } from '@callgate/media-node/src/ops/log.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { likenessOf } from '../audio/likeness.ts';
import { MediaCalls, streamTo } from './media-calls.ts';
import { eventually } from './routed-stack.ts';
import { phoneRateHz, RtpPhone } from './rtp-phone.ts';
import { participantRateHz, roomToken, type ToneParticipant } from './tone-participant.ts';

let calls: MediaCalls;
beforeAll(async () => {
  calls = await MediaCalls.start();
});
afterEach(() => calls.closeAll());
afterAll(async () => {
  await calls?.stop();
});

/** What happened, without the attributes that others tell of themselves: those come as they like. */
const milestones = (call: { kinds(): readonly string[] }) =>
  call.kinds().filter((kind) => kind !== 'attributes');

const patience = { firstMediaMs: 30_000, silenceMs: 15_000 };

describe('a call between a phone and a room', () => {
  it('carries a tone each way', async () => {
    const call = await calls.open();
    const agent = await calls.joinTalker('two-ways');
    await agent.play(1_000);
    await calls.joinRoom(call, 'two-ways');
    await eventually('audible', () => call.kinds().includes('audible'));
    expect(milestones(call)).toEqual(['joined', 'audible']);
    call.session.connect(patience);
    call.phone.play(440, call.session.local);
    await eventually(
      'a second of the tone each way',
      () =>
        call.phone.packets.length > 100 &&
        toneShare(call.phone.heard(1_000), 1_000, 8_000) > 0.9 &&
        agent.heardMs > 1_000 &&
        toneShare(agent.heard(1_000), 440, participantRateHz) > 0.9,
    );
    expect(call.kinds()).toContain('first-audio');
    const stats = await call.session.close();
    expect(stats).toMatchObject({ codec: 'PCMU', packetsLost: 0, packetsForeign: 0 });
  });

  it.each([
    'AES_CM_128_HMAC_SHA1_80',
    'AES_CM_128_HMAC_SHA1_32',
    'AEAD_AES_128_GCM',
    'AEAD_AES_256_GCM',
  ] as const)(
    'carries a tone each way under %s, and nothing that is not encrypted',
    async (suite) => {
      const call = await calls.open();
      const { keyBytes, saltBytes } = suiteShapes[suite];
      const [ours, theirs] = [randomBytes(keyBytes + saltBytes), randomBytes(keyBytes + saltBytes)];
      call.session.setStream(
        streamTo(call.phone, { srtp: { suite, sendKey: ours, receiveKey: theirs } }),
      );
      const agent = await calls.joinTalker(suite);
      await agent.play(1_000);
      await calls.joinRoom(call, suite);
      await eventually('audible', () => call.kinds().includes('audible'));
      call.session.connect(patience);
      call.phone.play(440, call.session.local);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(agent.hears(440)).toBe(false);
      call.phone.stop();
      call.phone.encrypt(suite, theirs, ours);
      call.phone.packets.length = 0;
      call.phone.play(440, call.session.local);
      await eventually(
        'a second of the tone each way',
        () =>
          agent.hears(440) &&
          call.phone.packets.length > 60 &&
          toneShare(call.phone.heard(1_000), 1_000, 8_000) > 0.9,
      );
    },
  );

  it.each([
    ['PCMA', 8, 8_000],
    ['G722', 9, 8_000],
    ['opus', 96, 48_000],
  ] as const)('carries a tone each way in %s', async (codec, payloadType, clockRateHz) => {
    const call = await calls.open();
    const phone = await RtpPhone.open('127.0.0.1', codec, payloadType);
    calls.closers.push(() => phone.close());
    call.session.setStream(streamTo(phone, { codec, payloadType, clockRateHz }));
    const agent = await calls.joinTalker(codec);
    await agent.play(1_000);
    await calls.joinRoom(call, codec);
    await eventually('audible', () => call.kinds().includes('audible'));
    call.session.connect(patience);
    phone.play(440, call.session.local);
    await eventually('the phone in the room', () => agent.hears(440));
    const hears = (ms: number, hz: number) => toneShare(phone.heard(ms), hz, phoneRateHz) > 0.9;
    await eventually('the room at the phone', () => hears(1_000, 1_000));
    const [fifth, sixth] = phone.packets.slice(4, 6);
    expect(sixth?.timestamp).toBe(((fifth?.timestamp ?? 0) + clockRateHz / 50) >>> 0);
    call.session.play('ringback');
    await eventually('ringback', () => hears(200, 425));
  });

  it.each([10, 30])('carries a tone in packets of %i ms', async (ptimeMs) => {
    const call = await calls.open();
    call.session.setStream(streamTo(call.phone, { ptimeMs }));
    const room = `ptime-${ptimeMs}`;
    const agent = await calls.joinTalker(room);
    await agent.play(1_000);
    await calls.joinRoom(call, room);
    await eventually('audible', () => call.kinds().includes('audible'));
    call.session.connect(patience);
    const share = () => toneShare(call.phone.heard(600), 1_000, phoneRateHz);
    await eventually('the room at the phone', () => call.phone.packets.length > 0 && share() > 0.9);
    expect(new Set(call.phone.packets.map(({ payload }) => payload.length))).toEqual(
      new Set([8 * ptimeMs]),
    );
  });

  it('is audible when a track comes after the join', async () => {
    const call = await calls.open();
    await calls.joinRoom(call, 'later');
    await eventually('joined', () => call.kinds().includes('joined'));
    const agent = await calls.joinTalker('later');
    expect(milestones(call)).toEqual(['joined']);
    await agent.play(700);
    await eventually('audible', () => call.kinds().includes('audible'));
  });

  it('sends nothing to the phone before it is connected, and silence while nobody speaks', async () => {
    const call = await calls.open();
    const agent = await calls.joinTalker('quiet');
    const stop = await agent.play(700);
    await calls.joinRoom(call, 'quiet');
    await eventually('audible', () => call.kinds().includes('audible'));
    expect(call.phone.packets.length).toBe(0);
    call.session.connect(patience);
    await eventually('the tone', () => toneShare(call.phone.heard(500), 700, 8_000) > 0.9);
    await stop();
    await eventually('silence', () => call.phone.heard(500).every((sample) => sample === 0));
    const [first] = call.phone.packets;
    for (const [i, packet] of call.phone.packets.entries()) {
      expect(packet.ssrc).toBe(first?.ssrc);
      expect(packet.sequence).toBe(((first?.sequence ?? 0) + i) & 0xffff);
    }
  });

  it('goes on with the next track when a talker leaves', async () => {
    const call = await calls.open();
    const first = await calls.joinTalker('leaving', 'first');
    await first.play(700);
    await calls.joinRoom(call, 'leaving');
    await eventually('audible', () => call.kinds().includes('audible'));
    call.session.connect(patience);
    await eventually('first', () => toneShare(call.phone.heard(400), 700, 8_000) > 0.9);
    const second = await calls.joinTalker('leaving', 'second');
    await second.play(1_100);
    await first.leave();
    await eventually('second', () => toneShare(call.phone.heard(400), 1_100, 8_000) > 0.9);
    expect(call.kinds().filter((kind) => kind === 'audible').length).toBe(1);
  });

  it('mixes those who speak at one time, and lets one that is left straight through', async () => {
    const call = await calls.open();
    const talkers = new Map<number, ToneParticipant>();
    for (const hz of [500, 900, 1_500]) {
      const talker = await calls.joinTalker('mix', `talker-${hz}`);
      await talker.play(hz);
      talkers.set(hz, talker);
    }
    await calls.joinRoom(call, 'mix');
    await eventually('audible', () => call.kinds().includes('audible'));
    call.session.connect(patience);
    const share = (hz: number) => toneShare(call.phone.heard(600), hz, phoneRateHz);
    await eventually('three tones', () => [500, 900, 1_500].every((hz) => share(hz) > 0.25));
    await talkers.get(500)?.leave();
    await eventually(
      'two tones',
      () => share(500) < 0.01 && share(900) > 0.4 && share(1_500) > 0.4,
    );
    await talkers.get(900)?.leave();
    await eventually('one tone', () => share(1_500) > 0.95);
    const mixed = call.phone.packets.length;
    await eventually(
      'one tone a second later, too',
      () => call.phone.packets.length > mixed + 75 && share(1_500) > 0.95,
    );
    const sequences = call.phone.packets.map((packet) => packet.sequence);
    const holes = sequences.filter(
      (sequence, i) => i > 0 && sequence !== (((sequences[i - 1] ?? 0) + 1) & 0xffff),
    );
    expect(holes).toEqual([]);
  });

  it('reports to the phone by RTCP, and tells of the phone reports in its figures', async () => {
    const call = await calls.open();
    const agent = await calls.joinTalker('rtcp');
    await agent.play(700);
    await calls.joinRoom(call, 'rtcp');
    await eventually('audible', () => call.kinds().includes('audible'));
    call.session.connect(patience);
    call.phone.play(440, call.session.local);
    await eventually('a report', () => call.phone.reports.length > 0);
    const [report] = call.phone.reports;
    expect(report?.sender?.ssrc).toBe(call.phone.packets[0]?.ssrc);
    expect(report?.blocks[0]).toMatchObject({ ssrc: call.phone.ssrc, lost: 0 });
    const lostAtPhones = () => calls.pool.figures()[0]?.rtp.lostAtPhone ?? 0;
    const before = lostAtPhones();
    call.phone.reportTo(call.session.local);
    await eventually('the report is read', () => lostAtPhones() > before);
    const stats = await call.session.close();
    expect(stats?.packetsLostAtPhone).toBe(12);
    // A millisecond, and what this process had no turn for.
    expect(stats?.roundTripMs).toBeLessThan(5_000);
    expect(stats?.mos).toBeGreaterThan(3);
    await eventually('a goodbye', () => call.phone.reports.some(({ gone }) => gone.length === 1));
  });

  it('carries a tone each way over IPv6', async () => {
    const six = new LocalMediaPool({
      address: '::1',
      advertise: null,
      roomAddress: '127.0.0.1',
      portRange: { from: 24_000, to: 24_099 },
      clock: systemClock,
      log: silentLog,
    });
    calls.closers.push(() => six.close());
    const kinds: string[] = [];
    const session = await six.open('SCL_six', (event) => kinds.push(event.kind));
    expect(session.local.address).toBe('::1');
    const phone = await RtpPhone.open('::1');
    calls.closers.push(() => phone.close());
    session.setStream(streamTo(phone));
    const agent = await calls.joinTalker('six');
    await agent.play(1_000);
    const token = await roomToken(calls.server, 'six', 'sip_six', 'sip');
    session.join({ url: calls.server.url, token, timeoutMs: 4_500 });
    await eventually('audible', () => kinds.includes('audible'));
    session.connect(patience);
    phone.play(440, session.local);
    await eventually('the phone in the room', () => agent.hears(440));
    await eventually(
      'the room at the phone',
      () => toneShare(phone.heard(1_000), 1_000, phoneRateHz) > 0.9,
    );
  });

  it('hears no stranger and sends it nothing', async () => {
    const call = await calls.open();
    const agent = await calls.joinTalker('stranger');
    await agent.play(700);
    await calls.joinRoom(call, 'stranger');
    await eventually('audible', () => call.kinds().includes('audible'));
    call.session.connect(patience);
    const attacker = await RtpPhone.open('127.0.0.9');
    calls.closers.push(() => attacker.close());
    call.phone.play(440, call.session.local);
    attacker.play(1_900, call.session.local);
    await eventually('the phone alone', () => agent.heardMs > 2_500 && agent.hears(440));
    expect(attacker.packets.length).toBe(0);
    const stats = await call.session.close();
    expect(stats?.packetsForeign).toBeGreaterThan(50);
  });

  it('tells digits once each', async () => {
    const call = await calls.open();
    await calls.joinTalker('digits');
    await calls.joinRoom(call, 'digits');
    await eventually('joined', () => call.kinds().includes('joined'));
    call.session.connect(patience);
    for (const event of [4, 2, 11]) {
      for (const end of [0, 0, 0x80, 0x80, 0x80]) {
        call.phone.sendEvent(Uint8Array.of(event, end | 10, 0, 160), call.session.local);
      }
      call.phone.skip(1_600);
    }
    const digits = () => call.events.flatMap((one) => (one.kind === 'digit' ? [one.digit] : []));
    await eventually('digits', () => digits().length >= 3);
    expect(digits()).toEqual(['4', '2', '#']);
  });

  it('hands digits to the room, and those of the room to the phone', async () => {
    const call = await calls.open();
    const agent = await calls.joinTalker('dtmf');
    await calls.joinRoom(call, 'dtmf');
    await eventually('joined', () => call.kinds().includes('joined'));
    call.session.connect(patience);
    call.session.receiveDigit('7');
    for (const end of [0, 0x80, 0x80]) {
      call.phone.sendEvent(Uint8Array.of(3, end | 10, 0, 160), call.session.local);
    }
    await eventually('digits in the room', () => agent.digits.length >= 2);
    // A phone that sends telephone events is not believed a second time.
    call.session.receiveDigit('3');
    await agent.dial('19#');
    const reader = new TelephoneEventReader();
    let heard = '';
    let read = 0;
    await eventually('digits at the phone', () => {
      const packets = call.phone.packets.slice(read);
      read += packets.length;
      for (const packet of packets) {
        if (packet.payloadType === 101) heard += reader.read(packet) ?? '';
      }
      return heard.length >= 3;
    });
    expect(heard).toBe('19#');
    expect(agent.digits).toEqual(['7', '3']);
  });

  it('plays a prompt that can be recognised, says when it ended, and rings until told to stop', async () => {
    const call = await calls.open();
    call.session.connect(patience);
    call.session.play('enter-pin');
    await eventually('played', () => call.kinds().includes('played'));
    const prompt = resample(
      readWav(readFileSync(new URL('../../media-node/prompts/en/enter-pin.wav', import.meta.url)))
        .samples,
      16_000,
      8_000,
    );
    const heard = { samples: call.phone.heard(prompt.length / 8 + 200), sampleRateHz: 8_000 };
    const recording = { samples: prompt, sampleRateHz: 8_000 };
    expect(likenessOf(heard, recording).likeness).toBeGreaterThan(0.9);
    call.session.play('ringback', { country: 'us' });
    await eventually('ringing', () => toneShare(call.phone.heard(200), 440, 8_000) > 0.3);
    const agent = await calls.joinTalker('prompts');
    await agent.play(700);
    await calls.joinRoom(call, 'prompts');
    await eventually('audible', () => call.kinds().includes('audible'));
    call.session.stopSound();
    await eventually('the agent', () => toneShare(call.phone.heard(300), 700, 8_000) > 0.9);
    const sequences = call.phone.packets.map((packet) => packet.sequence);
    for (const [i, sequence] of sequences.entries()) {
      expect(sequence).toBe(((sequences[0] ?? 0) + i) & 0xffff);
    }
  });

  it('is silent when the phone has spoken and stops', async () => {
    const call = await calls.open();
    await calls.joinTalker('stops');
    await calls.joinRoom(call, 'stops');
    await eventually('joined', () => call.kinds().includes('joined'));
    call.session.connect({ firstMediaMs: 30_000, silenceMs: 1_000 });
    call.phone.play(440, call.session.local);
    await eventually('it is heard', () => call.kinds().includes('first-audio'));
    call.phone.stop();
    await eventually('silent', () => call.kinds().includes('silent'));
  });

  it('is silent when the phone is, but not while it is on hold', async () => {
    const call = await calls.open();
    await calls.joinTalker('silent');
    await calls.joinRoom(call, 'silent');
    await eventually('joined', () => call.kinds().includes('joined'));
    call.session.setStream(streamTo(call.phone, { send: false }));
    call.session.connect({ firstMediaMs: 500, silenceMs: 500 });
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    expect(call.kinds()).not.toContain('silent');
    call.session.setStream(streamTo(call.phone));
    await eventually('silent', () => call.kinds().includes('silent'), 3_000);
  });
});
