/** A program that joins rooms one after the other as a media process does, with what it keeps ready: what a process trusts is decided by its environment when it begins. */
import { systemClock } from '@callgate/media-node/src/clock.ts';
import { MediaTick } from '@callgate/media-node/src/media/media-tick.ts';
import { DirectRoom } from '@callgate/media-node/src/media/room/direct/direct-room.ts';
import { KnownServers } from '@callgate/media-node/src/media/room/direct/known-servers.ts';
import { Spares } from '@callgate/media-node/src/media/room/direct/spares.ts';

const bindAddress = '127.0.0.1';
const parts = {
  clock: systemClock,
  tick: new MediaTick(systemClock),
  log: () => {},
  bindAddress,
};
const spares = new Spares(systemClock, bindAddress);

/** @returns `joined`, or why not */
async function join(url: string, token: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const room = new DirectRoom(
    {
      onJoined: () => resolve('joined'),
      onSubscribed: () => {},
      onTrack: () => {},
      onTrackEnded: () => {},
      onFrame: () => {},
      onAttributes: () => {},
      onDigits: () => {},
      onRequest: () => {},
      onEnded: resolve,
    },
    parts,
    'opus',
    new KnownServers(),
    spares,
  );
  room.join({ url, token, timeoutMs: 9_000, trackName: 'caller' });
  const outcome = await promise;
  await room.leave();
  return outcome;
}

process.on('message', async (message) => {
  if (typeof message !== 'object' || message === null) return;
  if (!('url' in message && 'token' in message)) return;
  process.send?.(await join(String(message.url), String(message.token)));
});
process.on('disconnect', () => process.exit());
