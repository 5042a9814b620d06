import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { roomLimits } from '@callgate/shared/limits.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { FakeClock } from '../../../clock.fake.ts';
import { MediaTick } from '../../media-tick.ts';
import { isAcknowledged } from './acknowledged.ts';
import { watchClientSockets } from './client-sockets.fake.ts';
import { SignalClient } from './signal-client.ts';
import { SpareSockets } from './spare-sockets.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

const within = { timeout: 5_000, interval: 5 };

/** Upgrades, reads without a word, or reads nothing until it is told to answer. */
type Manner = 'answers' | 'is silent' | 'waits';

/** A signalling server. @param onFirstBytes what it does with a connection, counted from 1, on which something comes */
async function serve(
  onFirstBytes: (socket: Socket, connection: number) => Manner = () => 'answers',
) {
  const connections: Socket[] = [];
  const joined: WebSocket[] = [];
  const server = new WebSocketServer({ noServer: true });
  const http = createHttp();
  http.on('upgrade', (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (webSocket) => joined.push(webSocket)),
  );
  const answer = (socket: Socket) => http.emit('connection', socket);
  const tcp = createServer((socket) => {
    const connection = connections.push(socket);
    socket.on('error', () => {});
    socket.once('readable', () => {
      const manner = onFirstBytes(socket, connection);
      if (manner === 'is silent') socket.resume();
      if (manner === 'answers') answer(socket);
    });
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  closers.push(() => {
    for (const socket of connections) socket.destroy();
    tcp.close();
  });
  const address = tcp.address();
  const port = typeof address === 'object' ? address?.port : null;
  return { url: new URL(`ws://127.0.0.1:${port}/rtc/v1`), connections, joined, answer };
}

/** A client for which a connection to that server lies ready. */
async function readyClient(url: URL) {
  const clock = new FakeClock();
  const sockets = new SpareSockets(clock);
  const watch = watchClientSockets();
  closers.push(watch.stop, () => sockets.close());
  expect(sockets.take(url)).toBeNull();
  clock.advance(roomLimits.refillMs);
  await vi.waitFor(
    () => expect(watch.made.map(({ readyState }) => readyState)).toEqual(['open']),
    within,
  );
  const heard: string[] = [];
  const client = new SignalClient(
    {
      onMessage: () => heard.push('message'),
      onRefused: (status) => heard.push(`refused ${status}`),
      onLost: () => heard.push('lost'),
    },
    clock,
    new MediaTick(clock),
    sockets,
  );
  closers.push(() => client.close());
  return { client, clock, heard, ready: watch.made };
}

describe('the signalling over a connection that lay ready', () => {
  it('takes it, and no other', async () => {
    const { url, connections, joined } = await serve();
    const { client, heard } = await readyClient(url);
    client.open(url, 'token');
    await vi.waitFor(() => expect(joined).toHaveLength(1), within);
    expect([connections.length, heard]).toEqual([1, []]);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['is cut off', (socket) => socket.destroy()],
    [
      'was given up by a proxy',
      (socket) => socket.end('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n'),
    ],
  ])('connects anew at once when it %s', async (_what, spoil) => {
    const { url, connections, joined } = await serve((socket, connection) => {
      if (connection > 1) return 'answers';
      spoil(socket);
      return 'is silent';
    });
    const { client, heard } = await readyClient(url);
    client.open(url, 'token');
    await vi.waitFor(() => expect(joined).toHaveLength(1), within);
    expect([connections.length, heard]).toEqual([2, []]);
  });

  it('connects anew when the request does not get through for a while', async () => {
    const { url, joined } = await serve((_socket, connection) =>
      connection === 1 ? 'waits' : 'answers',
    );
    const { client, clock, heard, ready } = await readyClient(url);
    // As on a way that has died: more is written than both systems keep for a program that does not read.
    for (const socket of ready) socket.write(Buffer.alloc(64 * 2 ** 20));
    await vi.waitFor(async () => {
      for (let turn = 0; turn < 20; turn++) {
        await nextTurn();
        expect(await Promise.all(ready.map(isAcknowledged))).toEqual([false]);
      }
    }, within);
    client.open(url, 'token');
    clock.advance(roomLimits.spareSocketMs);
    await vi.waitFor(() => expect(joined).toHaveLength(1), within);
    expect(heard).toEqual([]);
  });

  it('waits for a server that has the request and takes its time', async () => {
    const { url, joined, connections, answer } = await serve(() => 'waits');
    const { client, clock, heard, ready } = await readyClient(url);
    client.open(url, 'token');
    await vi.waitFor(async () => {
      expect(connections.map(({ readableLength }) => readableLength > 0)).toEqual([true]);
      expect(await Promise.all(ready.map(isAcknowledged))).toEqual([true]);
    }, within);
    clock.advance(roomLimits.spareSocketMs * 2);
    // Whoever asked before has been told by then.
    await Promise.all(ready.map(isAcknowledged));
    const asked = () => connections.filter(({ bytesRead }) => bytesRead > 0);
    for (const socket of asked()) answer(socket);
    await vi.waitFor(() => expect(joined).toHaveLength(1), within);
    expect([asked().length, heard]).toEqual([1, []]);
  });

  it('tells of a server that refuses, and asks it no second time', async () => {
    const { url, connections } = await serve((socket) => {
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
      return 'is silent';
    });
    const { client, heard } = await readyClient(url);
    client.open(url, 'token');
    await vi.waitFor(() => expect(heard).toEqual(['refused 401']), within);
    expect(connections).toHaveLength(1);
  });

  it('tells of a second failure, and tries no third time', async () => {
    const { url, connections } = await serve((socket) => {
      socket.destroy();
      return 'is silent';
    });
    const { client, heard } = await readyClient(url);
    client.open(url, 'token');
    await vi.waitFor(() => expect(heard).toEqual(['lost']), within);
    expect(connections).toHaveLength(2);
  });

  it('is over with its close, whatever comes of the connection', async () => {
    const { url, connections } = await serve(() => 'is silent');
    const { client, clock, heard } = await readyClient(url);
    client.open(url, 'token');
    client.close();
    clock.advance(roomLimits.spareSocketMs * 2);
    await vi.waitFor(() => expect(connections[0]?.destroyed).toBe(true), within);
    expect(heard).toEqual([]);
  });
});
