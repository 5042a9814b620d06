/**
 * A network in which nothing goes straight to LiveKit: before its media port stands a gate that only LiveKit's own TURN server, which is real, gets through. The
 * signalling names the gate to us instead of the port, and none of our addresses to the server, or that would find us by itself.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { systemClock } from '@callgate/media-node/src/clock.ts';
import { MediaTick } from '@callgate/media-node/src/media/media-tick.ts';
import { DirectRoom } from '@callgate/media-node/src/media/room/direct/direct-room.ts';
import { KnownServers } from '@callgate/media-node/src/media/room/direct/known-servers.ts';
import { JoinRequest, WrappedJoinRequest } from '@livekit/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
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
  proxy.alterQuery = (query) => {
    const wrapped = WrappedJoinRequest.fromBinary(
      Buffer.from(query.get('join_request') ?? '', 'base64url'),
    );
    const request = JoinRequest.fromBinary(gunzipSync(wrapped.joinRequest));
    if (request.publisherOffer === undefined) return;
    const { sdp } = request.publisherOffer;
    const candidates = [...sdp.matchAll(/^a=candidate:.* (\d+) typ (\w+)/gm)];
    offered.push(candidates.map(([, , type = '']) => type));
    for (const [, port, type] of candidates) if (type === 'relay') gate.allowed.add(Number(port));
    request.publisherOffer.sdp = withoutCandidates(sdp);
    wrapped.joinRequest = gzipSync(request.toBinary());
    const text = Buffer.from(wrapped.toBinary()).toString('base64');
    query.set('join_request', text.replaceAll('+', '-').replaceAll('/', '_'));
  };
  // An offer that follows carries the candidates anew.
  proxy.alterRequest = (request) => {
    const { message } = request;
    if (message.case === 'offer') message.value.sdp = withoutCandidates(message.value.sdp);
    return request;
  };
  proxy.alter = (response) => {
    const { message } = response;
    if (message.case === 'answer') message.value.sdp = behindGate(message.value.sdp);
    if (message.case === 'trickle')
      message.value.candidateInit = behindGate(message.value.candidateInit);
    return response;
  };
  agent = await ToneParticipant.join(server, 'relayed', 'agent');
  await agent.play(700);
});
afterAll(async () => {
  await agent?.leave();
  await proxy?.close();
  gate?.close();
  await server?.stop();
});

const withoutCandidates = (sdp: string) => sdp.replaceAll(/^a=candidate:.*\r?\n/gm, '');

/** The server's candidates with the gate in the place of its media port. */
function behindGate(text: string): string {
  return text.replaceAll(/( udp \d+ 127\.0\.0\.1 )(\d+)/g, (_all, before: string, port: string) => {
    gate.target = Number(port);
    return `${before}${gate.port}`;
  });
}

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
