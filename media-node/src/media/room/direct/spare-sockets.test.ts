import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { roomLimits } from '@callgate/shared/limits.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../clock.fake.ts';
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
  closers.push(() => sockets.close());
  return { clock, sockets };
}

/** Joins a server that nothing lies ready for, and lets the time pass in which one is made. */
function join({ clock, sockets }: ReturnType<typeof keepSockets>, url: URL) {
  expect(sockets.take(url)).toBeNull();
  clock.advance(roomLimits.refillMs);
}

/** The same, until one lies ready and the server knows of it. */
async function makeReady(kept: ReturnType<typeof keepSockets>, { url, connections }: Served) {
  join(kept, url);
  await vi.waitFor(
    () => expect([kept.sockets.readyFor(url), connections.length]).toEqual([1, 1]),
    within,
  );
}

describe('spare sockets', () => {
  it('are connected to the server of the join before, with nothing sent', async () => {
    const served = await serve();
    const kept = keepSockets();
    await makeReady(kept, served);
    const socket = kept.sockets.take(served.url);
    closers.push(() => socket?.destroy());
    expect(socket?.remotePort).toBe(Number(served.url.port));
    expect(served.connections.map(({ bytesRead }) => bytesRead)).toEqual([0]);
  });

  it('are given out once', async () => {
    const served = await serve();
    const kept = keepSockets();
    await makeReady(kept, served);
    const socket = kept.sockets.take(served.url);
    closers.push(() => socket?.destroy());
    expect(kept.sockets.take(served.url)).toBeNull();
  });

  it('are not given for another server', async () => {
    const [one, other] = [await serve(), await serve()];
    const kept = keepSockets();
    await makeReady(kept, one);
    expect(kept.sockets.take(other.url)).toBeNull();
    expect(kept.sockets.readyFor(one.url)).toBe(1);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['closed by the server', (socket) => socket.end()],
    ['spoken on by the server', (socket) => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n')],
  ])('are not given when they were %s', async (_what, spoil) => {
    const served = await serve();
    const kept = keepSockets();
    await makeReady(kept, served);
    for (const socket of served.connections) spoil(socket);
    await vi.waitFor(() => expect(kept.sockets.readyFor(served.url)).toBe(0), within);
    expect(kept.sockets.take(served.url)).toBeNull();
  });

  it('do without a server that cannot be reached, and serve the next', async () => {
    const served = await serve();
    const kept = keepSockets();
    join(kept, new URL('ws://127.0.0.1:1/'));
    await makeReady(kept, served);
    expect(kept.sockets.take(new URL('ws://127.0.0.1:1/'))).toBeNull();
  });

  it('are no more than their bound, however many joins there were', async () => {
    const { url, connections } = await serve();
    const kept = keepSockets();
    for (let i = 0; i < 5; i++) expect(kept.sockets.take(url)).toBeNull();
    kept.clock.advance(roomLimits.refillMs * 10);
    const bound = roomLimits.signalSocketsAhead;
    await vi.waitFor(
      () => expect([kept.sockets.readyFor(url), connections.length]).toEqual([bound, bound]),
      within,
    );
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
