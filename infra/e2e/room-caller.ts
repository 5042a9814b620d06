/** A caller in a room whose signalling goes through a proxy that breaks, and what becomes of it. */
import { systemClock } from '@callgate/media-node/src/clock.ts';
import { MediaTick } from '@callgate/media-node/src/media/media-tick.ts';
import { DirectRoom } from '@callgate/media-node/src/media/room/direct/direct-room.ts';
import { KnownServers } from '@callgate/media-node/src/media/room/direct/known-servers.ts';
import type { RemoteParticipant } from '@livekit/rtc-node';
import { eventually } from './routed-stack.ts';
import { SignalProxy } from './signal-proxy.ts';
import { roomToken, type ServerAccess, ToneParticipant } from './tone-participant.ts';

export interface RoomCaller {
  readonly proxy: SignalProxy;
  readonly agent: ToneParticipant;
  readonly room: DirectRoom;
  readonly events: string[];
  /** What the log was told, by event. */
  readonly logged: string[];
  frames(): number;
  /** Milliseconds of the longest pause between two frames since the last `restartPauses`. */
  longestPauseMs(): number;
  restartPauses(): void;
  /** As the agent sees the caller; undefined: not at all. */
  seen(): RemoteParticipant | undefined;
  /** How often a track has come. */
  tracks(): number;
}

export interface RoomCallerOptions {
  /** What the server knows. */
  readonly connections: 'one connection' | 'two connections';
  /** Before anything is joined. */
  prepare?(proxy: SignalProxy): void;
}

const tick = new MediaTick(systemClock);

/** A caller that hears an agent. @param closers what ends it is added to them */
export async function callerThroughProxy(
  livekit: ServerAccess,
  name: string,
  closers: (() => Promise<unknown>)[],
  { connections, prepare = () => {} }: RoomCallerOptions = { connections: 'one connection' },
): Promise<RoomCaller> {
  const proxy = await SignalProxy.listen(livekit.url);
  closers.push(() => proxy.close());
  if (connections === 'two connections') proxy.refuse = (path) => (path === '/rtc/v1' ? 404 : null);
  prepare(proxy);
  const agent = await ToneParticipant.join(livekit, name, 'agent');
  closers.push(() => agent.leave());
  await agent.play(700);
  const events: string[] = [];
  const logged: string[] = [];
  let frames = 0;
  let heardAt = 0;
  let longest = 0;
  const room = new DirectRoom(
    {
      onJoined: () => events.push('joined'),
      onSubscribed: () => {},
      onTrack: () => events.push('track'),
      onTrackEnded: () => events.push('track-ended'),
      onFrame: () => {
        const now = performance.now();
        if (frames > 0) longest = Math.max(longest, now - heardAt);
        heardAt = now;
        frames++;
      },
      onDigits: () => {},
      onAttributes: () => {},
      onRequest: () => {},
      onEnded: (reason) => events.push(reason),
    },
    {
      clock: systemClock,
      tick,
      log: (_level, event) => logged.push(event),
      bindAddress: '127.0.0.1',
    },
    'opus',
    new KnownServers(),
  );
  closers.push(() => room.leave());
  room.setAttributes({ 'sip.callStatus': 'active' });
  const token = await roomToken(livekit, name, 'caller', 'sip');
  room.join({ url: proxy.url, token, timeoutMs: 9_000, trackName: 'caller' });
  await eventually('audio', () => events.includes('track') && frames > 10);
  return {
    proxy,
    agent,
    room,
    events,
    logged,
    frames: () => frames,
    longestPauseMs: () => longest,
    restartPauses: () => {
      longest = 0;
    },
    seen: () => agent.others.find(({ identity }) => identity === 'caller'),
    tracks: () => events.filter((event) => event === 'track').length,
  };
}
