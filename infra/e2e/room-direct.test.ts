import { systemClock } from '@callgate/media-node/src/clock.ts';
import { MediaTick } from '@callgate/media-node/src/media/media-tick.ts';
import { DirectRoom } from '@callgate/media-node/src/media/room/direct/direct-room.ts';
import { JoinedRoom, until } from '@callgate/media-node/src/media/room/joined-room.contract.ts';
import { describeRoom } from '@callgate/media-node/src/media/room/room.contract.ts';
import { silentLog } from '@callgate/media-node/src/ops/log.ts';
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

it('knows that it is subscribed before the section of a late track is there', async () => {
  const caller = new JoinedRoom(harness(), 'late-track', 'caller');
  const agent = await harness().joinOther('late-track', 'agent');
  try {
    await caller.start();
    await until(() => caller.joined === 1);
    // The server tells of participants and of subscriptions in two threads: once in a while the second is first.
    for (let tracks = 1; tracks <= 5 && !caller.events.includes('subscribed'); tracks += 1) {
      await agent.play(440);
      await until(() => caller.tracks.length === tracks);
    }
    const at = caller.events.indexOf('subscribed');
    expect(caller.events.slice(at, at + 2)).toEqual(['subscribed', 'track']);
  } finally {
    await agent.leave();
    await caller.room.leave();
  }
});

it('asks such a server for one connection once, not with every call', () => {
  expect(older.paths.filter((path) => path === '/rtc/v1')).toHaveLength(1);
  expect(older.paths.filter((path) => path === '/rtc').length).toBeGreaterThan(10);
});
