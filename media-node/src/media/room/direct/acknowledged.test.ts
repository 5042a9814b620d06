import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isAcknowledged, unacknowledgedBytes } from './acknowledged.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** A connection to a server that reads nothing by itself. */
async function connected() {
  const server = createServer({ pauseOnConnect: true });
  closers.push(() => server.close());
  server.on('connection', (socket) => closers.push(() => socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
  socket.on('error', () => {});
  closers.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

describe('what a server has acknowledged', () => {
  it('is all that was written, though its program has read nothing', async () => {
    const socket = await connected();
    socket.write('GET /rtc/v1 HTTP/1.1\r\n\r\n');
    await vi.waitFor(async () => expect(await isAcknowledged(socket)).toBe(true), 5_000);
  });

  it('is less when nothing more is taken', async () => {
    const socket = await connected();
    // More than both systems keep for a program that does not read.
    socket.write(Buffer.alloc(64 * 2 ** 20));
    await vi.waitFor(async () => expect(await isAcknowledged(socket)).toBe(false), 5_000);
  });

  it('is not known of a connection that is gone', async () => {
    const socket = await connected();
    const { localPort, remotePort } = socket;
    socket.resetAndDestroy();
    await once(socket, 'close');
    const gone = () => isAcknowledged({ localPort, remotePort });
    await vi.waitFor(async () => expect(await gone()).toBeNull(), 5_000);
  });
});

describe('the table of connections', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid',
    '   0: 0100007F:C350 0200007F:1EC8 01 00000000:00000010 00:00000000 00000000  1000',
    '   1: 0100007F:C351 0200007F:1EC8 01 00000A1C:00000000 01:00000019 00000002  1000',
    '   2: 0100007F:C351 0300007F:01BB 01 00000001:00000000 01:00000019 00000002  1000',
    '',
  ].join('\n');

  it.each([
    ['all acknowledged', 50_000, 7_880, [0]],
    ['some not', 50_001, 7_880, [2_588]],
    ['of another server', 50_001, 443, [1]],
    ['of nobody', 50_002, 7_880, []],
  ])('tells how much is on its way: %s', (_what, localPort, remotePort, bytes) => {
    expect(unacknowledgedBytes(table, localPort, remotePort)).toEqual(bytes);
  });
});
