import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { roomLimits } from '@callgate/shared/limits.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../clock.fake.ts';
import { watchClientSockets } from './client-sockets.fake.ts';
import { SpareSockets } from './spare-sockets.ts';

const within = { timeout: 5_000, interval: 5 };

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** A server that takes connections, and what it has of them. */
async function serve() {
  const server: Server = createServer();
  const connections: Socket[] = [];
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    connections.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : null;
  return { url: new URL(`ws://127.0.0.1:${port}/rtc/v1?join_request=x`), connections };
}

type Served = Awaited<ReturnType<typeof serve>>;

function keepSockets() {
  const clock = new FakeClock();
  const sockets = new SpareSockets(clock);
  const watch = watchClientSockets();
  closers.push(watch.stop, () => sockets.close());
  return { clock, sockets, made: watch.made };
}

/** Joins a server that nothing lies ready for, and lets the time pass in which one is made. */
function join({ clock, sockets }: ReturnType<typeof keepSockets>, url: URL) {
  expect(sockets.take(url)).toBeNull();
  clock.advance(roomLimits.refillMs);
}

/** The same, until one lies ready and the server knows of it. */
async function makeReady(kept: ReturnType<typeof keepSockets>, { url, connections }: Served) {
  const before = kept.made.length;
  join(kept, url);
  await vi.waitFor(() => {
    expect(kept.made.slice(before).map(({ readyState }) => readyState)).toEqual(['open']);
    expect(connections).toHaveLength(1);
  }, within);
}

describe('spare sockets', () => {
  it('are connected to the server of the join before, with nothing sent', async () => {
    const served = await serve();
    const kept = keepSockets();
    await makeReady(kept, served);
    const socket = kept.sockets.take(served.url)?.socket;
    closers.push(() => socket?.destroy());
    expect(socket?.remotePort).toBe(Number(served.url.port));
    expect(served.connections.map(({ bytesRead }) => bytesRead)).toEqual([0]);
  });

  it('are given out once', async () => {
    const served = await serve();
    const kept = keepSockets();
    await makeReady(kept, served);
    const socket = kept.sockets.take(served.url)?.socket;
    closers.push(() => socket?.destroy());
    expect(socket).toBeDefined();
    expect(kept.sockets.take(served.url)).toBeNull();
  });

  it('are not given for another server', async () => {
    const [one, other] = [await serve(), await serve()];
    const kept = keepSockets();
    await makeReady(kept, one);
    expect(kept.sockets.take(other.url)).toBeNull();
    const socket = kept.sockets.take(one.url)?.socket;
    closers.push(() => socket?.destroy());
    expect(socket).toBeDefined();
  });

  it.each<[string, (theirs: Socket) => void, (ours: Socket) => boolean]>([
    ['closed by the server', (theirs) => theirs.end(), (ours) => ours.readyState !== 'open'],
    [
      'spoken on by the server',
      (theirs) => theirs.write('HTTP/1.1 408 Request Timeout\r\n\r\n'),
      (ours) => ours.readableLength > 0,
    ],
  ])('are not given when they were %s', async (_what, spoil, isSpoilt) => {
    const served = await serve();
    const kept = keepSockets();
    await makeReady(kept, served);
    for (const socket of served.connections) spoil(socket);
    await vi.waitFor(() => expect(kept.made.every(isSpoilt)).toBe(true), within);
    expect(kept.sockets.take(served.url)).toBeNull();
  });

  it.each(['ws', 'wss'])(
    'do without a server that cannot be reached, and serve the next: %s',
    async (scheme) => {
      const served = await serve();
      const kept = keepSockets();
      const nobody = new URL(`${scheme}://127.0.0.1:1/`);
      join(kept, nobody);
      await vi.waitFor(
        () => expect(kept.made.map(({ destroyed }) => destroyed)).toEqual([true]),
        within,
      );
      join(kept, served.url);
      // The one that was lost is tried again first.
      kept.clock.advance(roomLimits.refillMs);
      await vi.waitFor(() => expect(served.connections).toHaveLength(1), within);
      expect(kept.sockets.take(nobody)).toBeNull();
    },
  );

  it('are no more than their bound, however many joins there were', async () => {
    const { url, connections } = await serve();
    const kept = keepSockets();
    for (let i = 0; i < 5; i++) expect(kept.sockets.take(url)).toBeNull();
    kept.clock.advance(roomLimits.refillMs * 10);
    const bound = roomLimits.signalSocketsAhead;
    await vi.waitFor(() => expect(connections).toHaveLength(bound), within);
    expect(kept.made).toHaveLength(bound);
  });

  it('are closed and made no more at the end', async () => {
    const served = await serve();
    const kept = keepSockets();
    await makeReady(kept, served);
    for (const socket of served.connections) socket.resume();
    kept.sockets.close();
    await vi.waitFor(
      () => expect(served.connections.map(({ destroyed }) => destroyed)).toEqual([true]),
      within,
    );
    expect(kept.clock.pending).toBe(0);
  });
});
