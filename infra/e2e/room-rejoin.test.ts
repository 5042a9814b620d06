import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '@callgate/media-node/src/clock.ts';
import { MediaTick } from '@callgate/media-node/src/media/media-tick.ts';
import { DirectRoom } from '@callgate/media-node/src/media/room/direct/direct-room.ts';
import { silentLog } from '@callgate/media-node/src/ops/log.ts';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { eventually } from './routed-stack.ts';
import { roomToken, ToneParticipant } from './tone-participant.ts';

/** The signalling of a server through a relay that can break. */
class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  isOpen = true;

  constructor(to: number) {
    this.#server = createServer((socket) => {
      if (!this.isOpen) return void socket.destroy();
      const other = connect(to, '127.0.0.1');
      for (const one of [socket, other]) {
        this.#sockets.add(one);
        one.on('error', () => {});
        one.on('close', () => this.#sockets.delete(one));
      }
      socket.pipe(other).pipe(socket);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    const address = this.#server.address();
    return `ws://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): Promise<void> {
    this.cut();
    return new Promise((done) => this.#server.close(() => done()));
  }
}

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

async function callerThroughRelay(name: string) {
  const relay = new Relay(Number(new URL(server.url).port));
  closers.push(() => relay.close());
  const url = await relay.listen();
  const agent = await ToneParticipant.join(server, name, 'agent');
  closers.push(() => agent.leave());
  await agent.play(700);
  const events: string[] = [];
  let frames = 0;
  const room = new DirectRoom(
    {
      onJoined: () => events.push('joined'),
      onTrack: () => events.push('track'),
      onTrackEnded: () => events.push('track-ended'),
      onFrame: () => {
        frames++;
      },
      onDigits: () => {},
      onAttributes: () => {},
      onRequest: () => {},
      onEnded: (reason) => events.push(reason),
    },
    { clock: systemClock, tick, log: silentLog, bindAddress: '127.0.0.1' },
  );
  closers.push(() => room.leave());
  room.setAttributes({ 'sip.callStatus': 'active' });
  const token = await roomToken(server, name, 'caller', 'sip');
  room.join({ url, token, timeoutMs: 5_000, trackName: 'caller' });
  await eventually('audio', () => events.includes('track') && frames > 10);
  return { relay, agent, room, events, frames: () => frames };
}

it('comes back when the signalling breaks, and is heard and hears again', async () => {
  const { relay, agent, events, frames } = await callerThroughRelay('broken');
  const before = frames();
  relay.cut();
  await eventually('a second stay', () => events.filter((event) => event === 'track').length === 2);
  await eventually('audio again', () => frames() > before + 20);
  expect(events).toEqual(['joined', 'track', 'track-ended', 'track']);
  const caller = () => agent.others.find((other) => other.identity === 'caller');
  await eventually('attributes again', () => caller()?.attributes['sip.callStatus'] === 'active');
  await eventually('our track again', () => (caller()?.trackPublications.size ?? 0) === 1);
});

it('comes back when the server was away for three seconds', async () => {
  const { relay, events, frames } = await callerThroughRelay('away');
  relay.isOpen = false;
  relay.cut();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const before = frames();
  relay.isOpen = true;
  await eventually('audio again', () => frames() > before + 20);
  expect(events).toEqual(['joined', 'track', 'track-ended', 'track']);
});

it('gives up when the server stays away', async () => {
  const { relay, events } = await callerThroughRelay('gone');
  relay.isOpen = false;
  relay.cut();
  await eventually('room-lost', () => events.at(-1) === 'room-lost', 25_000);
});
