/** `CALLGATE_ROOM_AUDIO=pass-through`: the phone's own packets for the room, where LiveKit takes its codec. */
import { toneShare } from '@callgate/media-node/src/media/audio/tone.ts';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MediaCalls, streamTo } from './media-calls.ts';
import { eventually } from './routed-stack.ts';
import { phoneRateHz, RtpPhone } from './rtp-phone.ts';

let calls: MediaCalls;
beforeAll(async () => {
  calls = await MediaCalls.start({ roomAudio: 'pass-through' });
});
afterEach(() => calls.closeAll());
afterAll(async () => {
  await calls?.stop();
});

/** What the caller's track is, as the server tells everybody. */
async function trackTypeOf(room: string): Promise<string> {
  const { url, apiKey, apiSecret } = calls.server;
  const rooms = new RoomServiceClient(url.replace('ws:', 'http:'), apiKey, apiSecret);
  const { tracks } = await rooms.getParticipant(room, 'sip_caller');
  return tracks[0]?.mimeType.toLowerCase() ?? '';
}

describe('audio passed through to the room', () => {
  it.each([
    ['PCMU', 0, 8_000, 'audio/pcmu'],
    ['PCMA', 8, 8_000, 'audio/pcma'],
    ['G722', 9, 8_000, 'audio/opus'],
    ['opus', 96, 48_000, 'audio/opus'],
  ] as const)(
    'from a phone that speaks %s, while the room is heard in Opus',
    async (codec, payloadType, clockRateHz, mimeType) => {
      const call = await calls.open();
      const phone = await RtpPhone.open('127.0.0.1', codec, payloadType);
      calls.closers.push(() => phone.close());
      call.session.setStream(streamTo(phone, { codec, payloadType, clockRateHz }));
      const agent = await calls.joinTalker(codec);
      await agent.play(1_000);
      await calls.joinRoom(call, codec);
      await eventually('audible', () => call.kinds().includes('audible'));
      call.session.connect({ firstMediaMs: 30_000, silenceMs: 15_000 });
      phone.play(440, call.session.local);
      await eventually('the phone in the room', () => agent.hears(440));
      await eventually(
        'the room at the phone',
        () => toneShare(phone.heard(1_000), 1_000, phoneRateHz) > 0.9,
      );
      expect(await trackTypeOf(codec)).toBe(mimeType);
    },
  );

  it('goes on as the same track when the phone changes its codec', async () => {
    const call = await calls.open();
    const agent = await calls.joinTalker('change');
    await agent.play(1_000);
    await calls.joinRoom(call, 'change');
    await eventually('audible', () => call.kinds().includes('audible'));
    call.session.connect({ firstMediaMs: 30_000, silenceMs: 15_000 });
    call.phone.play(440, call.session.local);
    await eventually('the phone in PCMU', () => agent.hears(440));
    call.phone.stop();
    const wideband = await RtpPhone.open('127.0.0.1', 'G722', 9);
    calls.closers.push(() => wideband.close());
    call.session.setStream(streamTo(wideband, { codec: 'G722', payloadType: 9 }));
    wideband.play(700, call.session.local);
    await eventually('the phone in G.722', () => agent.hears(700));
    expect(await trackTypeOf('change')).toBe('audio/pcmu');
  });
});
