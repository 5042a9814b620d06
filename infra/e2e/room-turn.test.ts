/**
 * A network in which nothing goes straight to LiveKit: before its media port stands a gate that only LiveKit's own TURN server, which is real, gets through.
 */
import { systemClock } from '@callgate/media-node/src/clock.ts';
import { MediaTick } from '@callgate/media-node/src/media/media-tick.ts';
import { DirectRoom } from '@callgate/media-node/src/media/room/direct/direct-room.ts';
import { KnownServers } from '@callgate/media-node/src/media/room/direct/known-servers.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { putBehindGate } from './gated-media.ts';
import { playTone } from './play-tone.ts';
import { eventually } from './routed-stack.ts';
import { SignalProxy } from './signal-proxy.ts';
import { roomToken, ToneParticipant } from './tone-participant.ts';
import { UdpGate } from './udp-gate.ts';

let server: LivekitServer;
let proxy: SignalProxy;
let gate: UdpGate;
let agent: ToneParticipant;
/** Candidates of each join, by their types. */
const offered: string[][] = [];

beforeAll(async () => {
  server = await startLivekitServer({ say: () => {}, turn: true });
  gate = await UdpGate.listen();
  proxy = await SignalProxy.listen(server.url);
  putBehindGate(proxy, gate, (sdp) => {
    const candidates = [...sdp.matchAll(/^a=candidate:.* (\d+) typ (\w+)/gm)];
    offered.push(candidates.map(([, , type = '']) => type));
    for (const [, port, type] of candidates) if (type === 'relay') gate.allowed?.add(Number(port));
  });
  agent = await ToneParticipant.join(server, 'relayed', 'agent');
  await agent.play(700);
});
afterAll(async () => {
  await agent?.leave();
  await proxy?.close();
  gate?.close();
  await server?.stop();
});

const tick = new MediaTick(systemClock);

/** Joins, and is told what happens. */
async function join(identity: string, servers: KnownServers, timeoutMs: number) {
  const events: string[] = [];
  let frames = 0;
  const room = new DirectRoom(
    {
      onJoined: () => events.push('joined'),
      onSubscribed: () => {},
      onTrack: () => events.push('track'),
      onTrackEnded: () => events.push('track-ended'),
      onFrame: () => {
        frames++;
      },
      onAttributes: () => {},
      onDigits: () => {},
      onRequest: () => {},
      onEnded: (reason) => events.push(reason),
    },
    { clock: systemClock, tick, log: () => {}, bindAddress: '127.0.0.1' },
    'opus',
    servers,
  );
  const token = await roomToken(server, 'relayed', identity, 'sip');
  room.join({ url: proxy.url, token, timeoutMs, trackName: identity });
  return { room, events, hearsTheRoom: () => frames > 30 };
}

it('goes through the TURN server of LiveKit, both ways, and the next call tries no other way first', async () => {
  const servers = new KnownServers();
  for (const identity of ['first', 'second']) {
    const { room, events, hearsTheRoom } = await join(identity, servers, 8_000);
    await eventually('it hears the room', hearsTheRoom);
    agent.forget();
    const before = gate.passed;
    const stop = playTone(room, 440);
    await eventually('the room hears it', () => agent.hears(440));
    stop();
    expect(gate.passed - before).toBeGreaterThan(20);
    await room.leave();
    expect(events.slice(0, 2).toSorted()).toEqual(['joined', 'track']);
  }
  expect(offered).toEqual([['host'], ['relay'], ['relay']]);
  expect(gate.dropped).toBeGreaterThan(0);
});

it('tries the relay again as long as there is time', async () => {
  offered.length = 0;
  gate.isOpen = false;
  const { room, events, hearsTheRoom } = await join('third', new KnownServers(), 20_000);
  await eventually('a second try', () => offered.length > 2 || events.length > 0);
  gate.isOpen = true;
  await eventually('it hears the room', hearsTheRoom);
  await room.leave();
  expect(events.toSorted()).toEqual(['joined', 'track']);
});
