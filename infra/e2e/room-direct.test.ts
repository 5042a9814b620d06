import { systemClock } from '@callgate/media-node/src/clock.ts';
import { MediaTick } from '@callgate/media-node/src/media/media-tick.ts';
import { DirectRoom } from '@callgate/media-node/src/media/room/direct/direct-room.ts';
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

it('asks such a server for one connection once, not with every call', () => {
  expect(older.paths.filter((path) => path === '/rtc/v1')).toHaveLength(1);
  expect(older.paths.filter((path) => path === '/rtc').length).toBeGreaterThan(10);
});
