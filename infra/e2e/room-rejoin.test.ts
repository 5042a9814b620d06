import { DisconnectReason, LeaveRequest, LeaveRequest_Action } from '@livekit/protocol';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { pause } from './phone-calls.ts';
import { playTone } from './play-tone.ts';
import { callerThroughProxy } from './room-caller.ts';
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

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const seenBy = (agent: ToneParticipant) =>
  agent.others.find((other) => other.identity === 'caller');

const callerIn = (name: string, livekit: LivekitServer = server) =>
  callerThroughProxy(livekit, name, closers);

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
    const { proxy, events, logged } = await callerIn('told-to-resume');
    proxy.say(leave(LeaveRequest_Action.RESUME));
    await eventually('it is taken up', () => logged.includes('room-resumed'));
    expect(events).toEqual(['joined', 'track']);
  });

  it('joins anew, with its attributes and its track, and with the newest token', async () => {
    const { proxy, agent, events, frames } = await callerIn('told-to-rejoin');
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
    const { proxy, events } = await callerIn('moved');
    const other = await SignalProxy.listen(server.url);
    closers.push(() => other.close());
    proxy.say(leave(LeaveRequest_Action.RECONNECT, other.url));
    await eventually('a second stay', () => events.length === 4);
    expect(events).toEqual(['joined', 'track', 'track-ended', 'track']);
    expect(other.paths).toEqual(['/rtc/v1']);
  });

  it('is silent once it is muted', async () => {
    const { agent, room } = await callerIn('muted');
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
    const { proxy, events, frames } = await callerIn('restarted', mortal);
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
