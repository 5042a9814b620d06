import { gunzipSync } from 'node:zlib';
import {
  JoinRequest,
  type ParticipantInfo,
  SignalResponse,
  WrappedJoinRequest,
} from '@livekit/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { pause } from './phone-calls.ts';
import { playTone } from './play-tone.ts';
import { callerThroughProxy } from './room-caller.ts';
import { eventually } from './routed-stack.ts';
import { ToneParticipant } from './tone-participant.ts';

let server: LivekitServer;
beforeAll(async () => {
  server = await startLivekitServer({ say: () => {} });
});
afterAll(async () => {
  await server?.stop();
});

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** In either of the two ways to ask for it. */
function isResume(query: URLSearchParams): boolean {
  const request = query.get('join_request');
  if (request === null) return query.get('reconnect') === '1';
  const { joinRequest } = WrappedJoinRequest.fromBinary(Buffer.from(request, 'base64url'));
  return JoinRequest.fromBinary(gunzipSync(joinRequest)).reconnect;
}

const hasTrack = ({ identity, tracks }: ParticipantInfo) =>
  identity === 'second' && tracks.length > 0;
const isOfSubscriptions = ({ case: what }: SignalResponse['message']) =>
  what === 'subscriptionPermissionUpdate' || what === 'mediaSectionsRequirement';

describe.each(['one connection', 'two connections'] as const)(
  'when the signalling alone breaks, %s',
  (connections) => {
    const callerIn = (name: string) =>
      callerThroughProxy(server, `${name}, ${connections}`, closers, { connections });

    it('takes it up again, and nobody hears of it', async () => {
      const caller = await callerIn('resumed');
      const { proxy, agent, room, events, logged, frames, seen } = caller;
      const stop = playTone(room, 440);
      closers.push(async () => stop());
      await eventually('it is heard', () => agent.hears(440));
      const sid = seen()?.sid;
      caller.restartPauses();
      proxy.cut();
      await eventually('it is taken up', () => logged.includes('room-resumed'));
      const before = frames();
      await eventually('audio goes on', () => frames() > before + 100);
      expect(events).toEqual(['joined', 'track']);
      expect(seen()?.sid).toBe(sid);
      expect(seen()?.trackPublications.size).toBe(1);
      agent.forget();
      await eventually('it is heard on', () => agent.hears(440));
      expect(caller.longestPauseMs()).toBeLessThan(2_000);
    });

    it('does so every time', async () => {
      const { proxy, events, logged, frames } = await callerIn('often');
      for (let times = 1; times <= 3; times++) {
        proxy.cut();
        const resumed = () => logged.filter((event) => event === 'room-resumed').length;
        await eventually('it is taken up', () => resumed() === times);
        const before = frames();
        await eventually('audio goes on', () => frames() > before + 50);
      }
      expect(events).toEqual(['joined', 'track']);
    });

    it('says again what it said before it noticed', async () => {
      const { proxy, room, logged, seen } = await callerIn('said-again');
      const attribute = (name: string) => seen()?.attributes[name];
      await eventually('it is active', () => attribute('sip.callStatus') === 'active');
      proxy.silence();
      room.setAttributes({ 'sip.callStatus': 'hangup', last: 'x' });
      // A round trip of its own: what was said has reached the dead connection.
      await pause(200);
      expect(attribute('sip.callStatus')).toBe('active');
      proxy.cut();
      await eventually('it is taken up', () => logged.includes('room-resumed'));
      await eventually('the others see it', () => attribute('sip.callStatus') === 'hangup');
      expect(attribute('last')).toBe('x');
    });

    it('does so also after three seconds, with audio all the while', async () => {
      const caller = await callerIn('away');
      const { proxy, events, logged, frames } = caller;
      proxy.isOpen = false;
      proxy.cut();
      await pause(3_000);
      const before = frames();
      expect(before).toBeGreaterThan(100);
      proxy.isOpen = true;
      await eventually('it is taken up', () => logged.includes('room-resumed'));
      await eventually('audio goes on', () => frames() > before + 50);
      expect(events).toEqual(['joined', 'track']);
      expect(caller.longestPauseMs()).toBeLessThan(2_000);
    });

    it('hears who began to speak just then', async () => {
      const { proxy, agent, tracks } = await callerIn('just-then');
      const second = await ToneParticipant.join(server, agent.room.name ?? '', 'second');
      closers.push(() => second.leave());
      // Of the new track the server says that it is there and no more, so we ask for it, and that while nobody hears us.
      proxy.alter = (response) => {
        const { message } = response;
        if (message.case === 'update' && message.value.participants.some(hasTrack))
          setImmediate(() => {
            proxy.isOpen = false;
            proxy.cut();
          });
        return isOfSubscriptions(message)
          ? new SignalResponse({ message: { case: 'pong', value: 0n } })
          : response;
      };
      await second.play(900);
      await eventually('it is cut', () => !proxy.isOpen);
      await pause(700);
      proxy.alter = (response) => response;
      proxy.isOpen = true;
      await eventually('it is heard', () => tracks() > 1);
    });

    it('hears who came and spoke meanwhile, and is told who left', async () => {
      const { proxy, agent, events, logged, tracks } = await callerIn('meanwhile');
      const name = agent.room.name ?? '';
      proxy.isOpen = false;
      proxy.cut();
      const second = await ToneParticipant.join(server, name, 'second');
      closers.push(() => second.leave());
      await second.play(900);
      await agent.leave();
      proxy.isOpen = true;
      await eventually('it is taken up', () => logged.includes('room-resumed'));
      await eventually('one is heard, the other gone', () => events.length === 4);
      expect(tracks()).toBe(2);
      expect(events).toContain('track-ended');
    });

    it('joins anew when the server does not take it up', async () => {
      const { proxy, events, logged, frames, tracks } = await callerIn('refused');
      const joins = proxy.paths.length;
      proxy.refuseQuery = (query) => isResume(query);
      proxy.cut();
      await eventually('a second stay', () => tracks() === 2);
      const before = frames();
      await eventually('audio again', () => frames() > before + 20);
      expect(events).toEqual(['joined', 'track', 'track-ended', 'track']);
      expect(logged).not.toContain('room-resumed');
      expect(proxy.paths.length - joins).toBe(2);
    });
  },
);

describe('when the signalling breaks', () => {
  const callerIn = (name: string) => callerThroughProxy(server, name, closers);

  it('notices a server that says nothing any more, by its pings', async () => {
    const { proxy, events, logged } = await callerIn('silent');
    proxy.silence();
    await eventually('it is noticed', () => logged.includes('room-signalling-lost'), 30_000);
    await eventually('it is taken up', () => logged.includes('room-resumed'));
    expect(events).toEqual(['joined', 'track']);
  });

  it('gives up when the server stays away', async () => {
    const { proxy, events } = await callerIn('gone');
    proxy.isOpen = false;
    proxy.cut();
    await eventually('room-lost', () => events.at(-1) === 'room-lost', 25_000);
  });
});
