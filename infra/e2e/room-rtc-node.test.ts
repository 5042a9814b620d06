import { systemClock } from '@callgate/media-node/src/clock.ts';
import { toneShare } from '@callgate/media-node/src/media/audio/tone.ts';
import { MediaTick } from '@callgate/media-node/src/media/media-tick.ts';
import { describeRoom } from '@callgate/media-node/src/media/room/room.contract.ts';
import { RtcNodeRoom } from '@callgate/media-node/src/media/room/rtc-node/rtc-node-room.ts';
import { silentLog } from '@callgate/media-node/src/ops/log.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { MediaCalls } from './media-calls.ts';
import { roomHarness } from './room-harness.ts';
import { eventually } from './routed-stack.ts';

let server: LivekitServer;
beforeAll(async () => {
  server = await startLivekitServer({ say: () => {} });
});
afterAll(async () => {
  await server?.stop();
});

const parts = {
  clock: systemClock,
  tick: new MediaTick(systemClock),
  log: silentLog,
  bindAddress: null,
};

describeRoom('rtc-node', () => roomHarness(server, (events) => new RtcNodeRoom(events, parts)));

describe('a call over rtc-node', () => {
  it('carries a tone each way and a digit', async () => {
    const calls = await MediaCalls.start({ roomClient: 'rtc-node' });
    try {
      const call = await calls.open();
      const agent = await calls.joinTalker('whole');
      await agent.play(1_000);
      await calls.joinRoom(call, 'whole');
      await eventually('audible', () => call.kinds().includes('audible'));
      call.session.connect({ firstMediaMs: 10_000, silenceMs: 10_000 });
      call.phone.play(440, call.session.local);
      await eventually('the phone in the room', () => agent.hears(440));
      const share = () => toneShare(call.phone.heard(1_000), 1_000, 8_000);
      await eventually('the room at the phone', () => share() > 0.9);
      call.session.receiveDigit('7');
      await eventually('a digit in the room', () => agent.digits.length > 0);
      expect(agent.digits).toEqual(['7']);
      expect(call.kinds()).not.toContain('room-ended');
    } finally {
      await calls.closeAll();
      await calls.stop();
    }
  });
});
