import { systemClock } from '@callgate/media-node/src/clock.ts';
import { MediaTick } from '@callgate/media-node/src/media/media-tick.ts';
import { DirectRoom } from '@callgate/media-node/src/media/room/direct/direct-room.ts';
import { describeRoom } from '@callgate/media-node/src/media/room/room.contract.ts';
import { silentLog } from '@callgate/media-node/src/ops/log.ts';
import { afterAll, beforeAll } from 'vitest';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { roomHarness } from './room-harness.ts';

let server: LivekitServer;
beforeAll(async () => {
  server = await startLivekitServer({ say: () => {} });
});
afterAll(async () => {
  await server?.stop();
});

const tick = new MediaTick(systemClock);

describeRoom('direct', () =>
  roomHarness(
    server,
    (events) =>
      new DirectRoom(events, {
        clock: systemClock,
        tick,
        log: silentLog,
        bindAddress: '127.0.0.1',
      }),
  ),
);
