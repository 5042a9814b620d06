import { systemClock } from '@callgate/media-node/src/clock.ts';
import { MediaTick } from '@callgate/media-node/src/media/media-tick.ts';
import { DirectRoom } from '@callgate/media-node/src/media/room/direct/direct-room.ts';
import { JoinedRoom, until } from '@callgate/media-node/src/media/room/joined-room.contract.ts';
import { describeRoom } from '@callgate/media-node/src/media/room/room.contract.ts';
import { silentLog } from '@callgate/media-node/src/ops/log.ts';
import { SignalResponse, TrackType } from '@livekit/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { roomHarness } from './room-harness.ts';
import { SignalProxy } from './signal-proxy.ts';

let server: LivekitServer;
let older: SignalProxy;
beforeAll(async () => {
  server = await startLivekitServer({ say: () => {} });
  older = await SignalProxy.listen(server.url);
  older.refuse = (path) => (path === '/rtc/v1' ? 404 : null);
});
afterAll(async () => {
  await older?.close();
  await server?.stop();
});

const parts = {
  clock: systemClock,
  tick: new MediaTick(systemClock),
  log: silentLog,
  bindAddress: '127.0.0.1',
};

const harness = () => roomHarness(server, (events) => new DirectRoom(events, parts));

describeRoom('direct', harness);
describeRoom('direct, with a server that knows two connections only', () => ({
  ...harness(),
  url: older.url,
}));

/** What a caller is told when somebody publishes who was there before it. */
async function toldOfLateTrack(url: string, room: string): Promise<readonly string[]> {
  const caller = new JoinedRoom({ ...harness(), url }, room, 'caller');
  const agent = await harness().joinOther(room, 'agent');
  try {
    await caller.start();
    const before = caller.events.length;
    await agent.play(440);
    await until(() => caller.tracks.length === 1);
    return caller.events.slice(before);
  } finally {
    await agent.leave();
    await caller.room.leave();
  }
}

/** Holds what a server says of tracks until it has said that we are subscribed to them. */
function subscriptionFirst(proxy: SignalProxy): void {
  const subscribed = new Set<string>();
  let held: SignalResponse['message'] | null = null;
  proxy.alter = (response) => {
    const { message } = response;
    if (message.case === 'subscriptionPermissionUpdate') {
      subscribed.add(message.value.trackSid);
      const update = held;
      held = null;
      if (update !== null) setImmediate(() => proxy.say(update));
    }
    if (message.case !== 'update' || held !== null) return response;
    const tracks = message.value.participants.flatMap((participant) => participant.tracks);
    const isNews = tracks.some(({ sid, type }) => type === TrackType.AUDIO && !subscribed.has(sid));
    const isOfAgent = message.value.participants.some(({ identity }) => identity === 'agent');
    if (!isNews || !isOfAgent) return response;
    held = message;
    return new SignalResponse({ message: { case: 'pong', value: 0n } });
  };
}

it.each(['the track', 'the subscription'])(
  'knows that it is subscribed before the section of a late track is there, when the server tells of %s first',
  async (first) => {
    const proxy = await SignalProxy.listen(server.url);
    if (first === 'the subscription') subscriptionFirst(proxy);
    try {
      // Once in a hundred times, under load, the server says nothing of a subscription.
      let told: readonly string[] = [];
      for (let attempt = 0; attempt < 4 && told[0] !== 'subscribed'; attempt += 1)
        told = await toldOfLateTrack(proxy.url, `late-track-${first}-${attempt}`);
      // And then of the track, which is waited for.
      expect(told[0]).toBe('subscribed');
    } finally {
      await proxy.close();
    }
  },
);

it('asks such a server for one connection once, not with every call', () => {
  expect(older.paths.filter((path) => path === '/rtc/v1')).toHaveLength(1);
  expect(older.paths.filter((path) => path === '/rtc').length).toBeGreaterThan(10);
});
