/** Real sockets on loopback. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import type { Arrival } from './transport.ts';
import { UdpTransport } from './udp-transport.ts';

const open: UdpTransport[] = [];
afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close();
});

async function listen(port = 0, address = '127.0.0.1') {
  const arrivals: Arrival[] = [];
  const transport = new UdpTransport({ address, port });
  open.push(transport);
  const bound = await transport.open({
    onMessage: (arrival) => void arrivals.push(arrival),
    onTrouble: () => {},
  });
  return { transport, bound, arrivals };
}

it('k09: a port in use is an error that names it, not the end of the process', async () => {
  const { bound } = await listen();
  await expect(listen(bound.port)).rejects.toThrow(
    `SIP cannot listen on udp 127.0.0.1:${bound.port}`,
  );
});

it('nothing is sent to a port that is none', async () => {
  const { transport, bound } = await listen();
  const failures: string[] = [];
  for (const port of [0, -1, 65_536, 99_999]) {
    const peer = { address: bound.address, port };
    transport.flowTo(peer).send(Buffer.from('x'), peer, (why) => void failures.push(why));
  }
  await Promise.resolve();
  expect(failures).toEqual([0, -1, 65_536, 99_999].map((port) => `port ${port} cannot be sent to`));
});

it('tells the sender when the kernel refuses', async () => {
  const { transport } = await listen();
  const peer = { address: '127.0.0.1', port: 9 };
  const why = await new Promise<string>((resolve) => {
    transport.flowTo(peer).send(Buffer.alloc(70_000), peer, resolve);
  });
  expect(why).toMatch(/EMSGSIZE/);
});

it('tells the sender when it is closed', async () => {
  const { transport, bound } = await listen();
  const flow = transport.flowTo(bound);
  await transport.close();
  expect(await new Promise((resolve) => flow.send(Buffer.from('x'), bound, resolve))).toBe(
    'socket is closed',
  );
});

it.each(['127.0.0.1', '::1'])('carries datagrams both ways on %s', async (address) => {
  const { bound, arrivals } = await listen(0, address);
  const peer = createSocket(address === '::1' ? 'udp6' : 'udp4');
  peer.bind(0, address);
  await once(peer, 'listening');
  const answered = once(peer, 'message');
  peer.send('hello', bound.port, address);
  while (arrivals.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [arrival] = arrivals;
  expect(arrival?.bytes.toString()).toBe('hello');
  expect(arrival?.flow.remote).toEqual({ address, port: peer.address().port });
  arrival?.flow.send(Buffer.from('world'), arrival.flow.remote, () => {});
  expect(String((await answered)[0])).toBe('world');
  peer.close();
});
