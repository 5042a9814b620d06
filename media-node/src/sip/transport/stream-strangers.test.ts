/** Who connects without being one of us: balancers that speak for others, strangers that would like to, and those who only take up room. */
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { sipLimits } from '@callgate/shared/limits.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { requestText } from '../scripted-peer.fake.ts';
import { closing, StreamBench, until } from './stream-bench.fake.ts';

const options = requestText({ method: 'OPTIONS' });
const header = 'PROXY TCP4 203.0.113.7 192.0.2.1 40000 5060\r\n';
const bench = new StreamBench();

beforeAll(() => bench.makeCertificates());
afterAll(() => bench.remove());
afterEach(() => bench.cleanUp());

describe('the PROXY protocol', () => {
  const balancers = ['127.0.0.1/32'];

  it('from a balancer that is named: the source is whom it names', async () => {
    const { bound, arrivals } = await bench.listen({ balancers });
    const socket = await bench.dial(bound.port);
    socket.write(header + options);
    await until(() => arrivals.length === 1);
    expect(arrivals[0]?.flow.remote).toEqual({ address: '203.0.113.7', port: 40_000 });
    const answered = once(socket, 'data');
    arrivals[0]?.flow.send(Buffer.from('answer'), arrivals[0].flow.remote, () => {});
    expect(String((await answered)[0])).toBe('answer');
  });

  it('in pieces of a byte', async () => {
    const { bound, arrivals } = await bench.listen({ balancers });
    const socket = await bench.dial(bound.port);
    socket.setNoDelay(true);
    for (const character of header) socket.write(character);
    socket.write(options);
    await until(() => arrivals.length === 1);
    expect(arrivals[0]?.bytes.toString()).toBe(options);
  });

  it('before a TLS handshake', async () => {
    const { bound, arrivals } = await bench.listen({ balancers, tls: bench.certificate() });
    const socket = await bench.dial(bound.port);
    socket.write(header);
    const secure = connectTls({ socket, servername: 'one.example.com', ca: bench.pem('one.pem') });
    bench.endLater(secure);
    secure.write(options);
    await until(() => arrivals.length === 1);
    expect(arrivals[0]?.flow).toMatchObject({
      transport: 'tls',
      remote: { address: '203.0.113.7', port: 40_000 },
    });
  });

  it('counts connections by whom it names', async () => {
    const { bound, arrivals, troubles } = await bench.listen({ balancers });
    for (let index = 0; index <= sipLimits.connectionsPerSourceMax; index += 1) {
      const socket = await bench.dial(bound.port);
      socket.write(header.replace('40000', String(40_000 + index)) + options);
    }
    await until(() => troubles.length === 1);
    expect(troubles).toEqual(['too-many-connections']);
    const other = await bench.dial(bound.port);
    other.write(header.replace('.7 ', '.8 ') + options);
    await until(() => arrivals.some(({ flow }) => flow.remote.address === '203.0.113.8'));
  });

  it('that is malformed, missing, or late ends the connection', async () => {
    const { bound, arrivals, troubles, clock } = await bench.listen({ balancers });
    for (const text of [options, 'PROXY TCP4 a b 1 2\r\n']) {
      const socket = await bench.dial(bound.port);
      const closed = closing(socket);
      socket.write(text);
      await closed;
    }
    const late = await bench.dial(bound.port);
    late.write('PROXY ');
    await until(() => clock.pending === 1);
    const closed = closing(late);
    clock.advance(sipLimits.handshakeMs);
    await closed;
    expect(troubles).toEqual(Array(3).fill('proxy-header-refused'));
    expect(arrivals).toHaveLength(0);
    expect(clock.pending).toBe(0);
  });

  it('from anybody else is no SIP: the source stays who connected', async () => {
    const { bound, arrivals, troubles } = await bench.listen({ balancers: ['192.0.2.0/24'] });
    const socket = await bench.dial(bound.port);
    socket.write(header + options);
    await until(() => troubles.length + arrivals.length > 0);
    expect(arrivals.every(({ flow }) => flow.remote.address === '127.0.0.1')).toBe(true);
  });
});

describe('those who only take up room', () => {
  it('handshakes that stall: so many of one source, the next is ended at once', async () => {
    const { bound, troubles } = await bench.listen({ tls: bench.certificate() });
    const { handshakesPerSourceMax } = sipLimits;
    for (let index = 0; index < handshakesPerSourceMax; index += 1) await bench.dial(bound.port);
    const extra = await bench.dial(bound.port);
    await closing(extra);
    expect(troubles).toEqual(['too-many-handshakes']);
  });

  it('handshakes that stall from everywhere: the oldest makes room, a phone gets through', async () => {
    const { bound, arrivals } = await bench.listen({ tls: bench.certificate() });
    const { handshakesMax, handshakesPerSourceMax } = sipLimits;
    const sources = handshakesMax / handshakesPerSourceMax;
    const first = await bench.dial(bound.port, '127.0.9.1');
    const ended = closing(first);
    for (let source = 2; source <= sources + 1; source += 1) {
      for (let index = 0; index < handshakesPerSourceMax; index += 1) {
        await bench.dial(bound.port, `127.0.9.${source}`);
      }
    }
    await ended;
    const ca = bench.pem('one.pem');
    const phone = connectTls({
      host: '127.0.0.1',
      port: bound.port,
      servername: 'one.example.com',
      ca,
    });
    bench.endLater(phone);
    phone.write(options);
    await until(() => arrivals.length === 1);
  });

  it('connections that have spoken once, from everywhere: the one longest silent makes room, one that a dialog lives on stays', async () => {
    const { bound, arrivals } = await bench.listen();
    const { connectionsMax, connectionsPerSourceMax } = sipLimits;
    const sources = connectionsMax / connectionsPerSourceMax;
    for (let source = 1; source <= sources; source += 1) {
      for (let index = 0; index < connectionsPerSourceMax; index += 1) {
        const socket = await bench.dial(bound.port, `127.0.9.${source}`);
        socket.write(options);
      }
    }
    await until(() => arrivals.length === connectionsMax);
    arrivals[0]?.flow.hold();
    const phone = await bench.dial(bound.port);
    phone.write(options);
    await until(() => arrivals.length === connectionsMax + 1);
    expect(arrivals.map(({ flow }) => flow.isOpen).slice(0, 3)).toEqual([true, false, true]);
  });

  it('connections that say nothing, from everywhere: the oldest makes room, one that has spoken stays', async () => {
    const { bound, arrivals } = await bench.listen();
    const { connectionsMax, connectionsPerSourceMax } = sipLimits;
    const spoken = await bench.dial(bound.port, '127.0.9.1');
    spoken.write(options);
    await until(() => arrivals.length === 1);
    const sources = connectionsMax / connectionsPerSourceMax;
    for (let source = 2; source <= sources + 1; source += 1) {
      for (let index = 0; index < connectionsPerSourceMax; index += 1) {
        await bench.dial(bound.port, `127.0.9.${source}`);
      }
    }
    const phone = await bench.dial(bound.port);
    phone.write(options);
    await until(() => arrivals.length === 2);
    expect(arrivals[0]?.flow.isOpen).toBe(true);
  });
});
