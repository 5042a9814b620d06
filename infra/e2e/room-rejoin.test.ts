import { systemClock } from '@callgate/media-node/src/clock.ts';
import { MediaTick } from '@callgate/media-node/src/media/media-tick.ts';
import { DirectRoom } from '@callgate/media-node/src/media/room/direct/direct-room.ts';
import { KnownServers } from '@callgate/media-node/src/media/room/direct/known-servers.ts';
import {
  DisconnectReason,
  LeaveRequest,
  LeaveRequest_Action,
  type ParticipantInfo,
  SignalResponse,
} from '@livekit/protocol';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { pause } from './phone-calls.ts';
import { playTone } from './play-tone.ts';
import { eventually } from './routed-stack.ts';
import { SignalProxy } from './signal-proxy.ts';
import { roomToken, ToneParticipant } from './tone-participant.ts';

let server: LivekitServer;
beforeAll(async () => {
  server = await startLivekitServer({ say: () => {} });
});
afterAll(async () => {
  await server?.stop();
});

const tick = new MediaTick(systemClock);
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Caller {
  readonly proxy: SignalProxy;
  readonly agent: ToneParticipant;
  readonly room: DirectRoom;
  readonly events: string[];
  /** What the log was told, by event. */
  readonly logged: string[];
  frames(): number;
  /** Milliseconds of the longest pause between two frames. */
  longestPauseMs(): number;
}

/** A caller that hears an agent, and whose signalling goes through a proxy. */
async function callerThroughProxy(name: string, livekit = server): Promise<Caller> {
  const proxy = await SignalProxy.listen(livekit.url);
  closers.push(() => proxy.close());
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
  room.join({ url: proxy.url, token, timeoutMs: 5_000, trackName: 'caller' });
  await eventually('audio', () => events.includes('track') && frames > 10);
  return {
    proxy,
    agent,
    room,
    events,
    logged,
    frames: () => frames,
    longestPauseMs: () => longest,
  };
}

const hasTrack = ({ identity, tracks }: ParticipantInfo) =>
  identity === 'second' && tracks.length > 0;
const isOfSubscriptions = ({ case: what }: SignalResponse['message']) =>
  what === 'subscriptionPermissionUpdate' || what === 'mediaSectionsRequirement';
const seenBy = (agent: ToneParticipant) =>
  agent.others.find((other) => other.identity === 'caller');

describe('when the signalling alone breaks', () => {
  it('takes it up again, and nobody hears of it', async () => {
    const { proxy, agent, events, logged, frames } = await callerThroughProxy('resumed');
    proxy.cut();
    await eventually('it is taken up', () => logged.includes('room-resumed'));
    const before = frames();
    await eventually('audio goes on', () => frames() > before + 20);
    expect(events).toEqual(['joined', 'track']);
    expect(seenBy(agent)?.trackPublications.size).toBe(1);
  });

  it('says again what it said before it noticed', async () => {
    const { proxy, agent, room, logged } = await callerThroughProxy('said-again');
    const attribute = (name: string) => seenBy(agent)?.attributes[name];
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
    const { proxy, events, logged, frames, longestPauseMs } = await callerThroughProxy('away');
    proxy.isOpen = false;
    proxy.cut();
    await pause(3_000);
    const before = frames();
    expect(before).toBeGreaterThan(100);
    proxy.isOpen = true;
    await eventually('it is taken up', () => logged.includes('room-resumed'));
    await eventually('audio goes on', () => frames() > before + 20);
    expect(events).toEqual(['joined', 'track']);
    expect(longestPauseMs()).toBeLessThan(2_000);
  });

  it('hears who began to speak just then', async () => {
    const { proxy, events } = await callerThroughProxy('just-then');
    const second = await ToneParticipant.join(server, 'just-then', 'second');
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
    await eventually('it is heard', () => events.filter((event) => event === 'track').length > 1);
  });

  it('notices a server that says nothing any more, by its pings', async () => {
    const { proxy, events, logged } = await callerThroughProxy('silent');
    proxy.silence();
    await eventually('it is noticed', () => logged.includes('room-signalling-lost'), 30_000);
    await eventually('it is taken up', () => logged.includes('room-resumed'));
    expect(events).toEqual(['joined', 'track']);
  });

  it('gives up when the server stays away', async () => {
    const { proxy, events } = await callerThroughProxy('gone');
    proxy.isOpen = false;
    proxy.cut();
    await eventually('room-lost', () => events.at(-1) === 'room-lost', 25_000);
  });
});

describe('when the server wants it', () => {
  const leave = (action: LeaveRequest_Action, url = '') =>
    ({
      case: 'leave',
      value: new LeaveRequest({
        action,
        reason: DisconnectReason.STATE_MISMATCH,
        ...(url === '' ? {} : { regions: { regions: [{ region: 'other', url }] } }),
      }),
    }) as const;

  it('takes the signalling up again', async () => {
    const { proxy, events, logged } = await callerThroughProxy('told-to-resume');
    proxy.say(leave(LeaveRequest_Action.RESUME));
    await eventually('it is taken up', () => logged.includes('room-resumed'));
    expect(events).toEqual(['joined', 'track']);
  });

  it('joins anew, with its attributes and its track, and with the newest token', async () => {
    const { proxy, agent, events, frames } = await callerThroughProxy('told-to-rejoin');
    const token = await roomToken(server, 'told-to-rejoin', 'caller', 'sip', { newest: 'yes' });
    proxy.say({ case: 'refreshToken', value: token });
    proxy.say(leave(LeaveRequest_Action.RECONNECT));
    const tracks = () => events.filter((event) => event === 'track').length;
    await eventually('a second stay', () => tracks() === 2);
    const before = frames();
    await eventually('audio again', () => frames() > before + 20);
    expect(events).toEqual(['joined', 'track', 'track-ended', 'track']);
    expect(proxy.tokens.at(-1)).toBe(token);
    const status = () => seenBy(agent)?.attributes['sip.callStatus'];
    await eventually('attributes again', () => status() === 'active');
    await eventually('our track again', () => seenBy(agent)?.trackPublications.size === 1);
  });

  it('goes to another of its regions', async () => {
    const { proxy, events } = await callerThroughProxy('moved');
    const other = await SignalProxy.listen(server.url);
    closers.push(() => other.close());
    proxy.say(leave(LeaveRequest_Action.RECONNECT, other.url));
    await eventually('a second stay', () => events.length === 4);
    expect(events).toEqual(['joined', 'track', 'track-ended', 'track']);
    expect(other.paths).toEqual(['/rtc/v1']);
  });

  it('is silent once it is muted', async () => {
    const { agent, room } = await callerThroughProxy('muted');
    const api = new RoomServiceClient(
      server.url.replace(/^ws/, 'http'),
      server.apiKey,
      server.apiSecret,
    );
    const stop = playTone(room, 440);
    closers.push(async () => stop());
    await eventually('it is heard', () => agent.hears(440));
    const [publication] = seenBy(agent)?.trackPublications.values() ?? [];
    const sid = publication?.sid ?? '';
    await api.mutePublishedTrack('muted', 'caller', sid, true);
    await eventually('it is muted', () => publication?.muted === true);
    await pause(300);
    agent.forget();
    await pause(1_200);
    expect(agent.hears(440)).toBe(false);
  });
});

describe('when LiveKit is restarted', () => {
  it('joins the new server, is heard and hears', async () => {
    const mortal = await startLivekitServer({ say: () => {} });
    closers.push(() => mortal.stop());
    const { proxy, events, frames } = await callerThroughProxy('restarted', mortal);
    mortal.kill('SIGKILL');
    await mortal.ended;
    const port = Number(new URL(mortal.url).port);
    const { apiKey, apiSecret } = mortal;
    const next = await startLivekitServer({ say: () => {}, port, key: { apiKey, apiSecret } });
    closers.push(() => next.stop());
    // Not the first agent's identity: that one's SDK comes back as well, when it likes, and one of the two would be sent away.
    const agent = await ToneParticipant.join(next, 'restarted', 'second');
    closers.push(() => agent.leave());
    await agent.play(900);
    const before = frames();
    await eventually('audio again', () => frames() > before + 20, 20_000);
    expect(events.slice(0, 4)).toEqual(['joined', 'track', 'track-ended', 'track']);
    expect(proxy.paths.length).toBeGreaterThan(1);
    await eventually('our track again', () => seenBy(agent)?.trackPublications.size === 1);
  });
});
