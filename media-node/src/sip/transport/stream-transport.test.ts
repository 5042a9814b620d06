/** TCP and TLS on loopback, with certificates made for the test by openssl. */
import { once } from 'node:events';
import { copyFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { systemClock } from '../../clock.ts';
import { silentLog } from '../../ops/log.ts';
import { createSipEndpoint } from '../create-sip-endpoint.ts';
import { requestText } from '../scripted-peer.fake.ts';
import { closing, StreamBench, until } from './stream-bench.fake.ts';
import { StreamTransport } from './stream-transport.ts';
import type { TlsCredentials } from './tls-credentials.ts';

const options = requestText({ method: 'OPTIONS' });
const bench = new StreamBench();
const { folder } = bench;

beforeAll(() => bench.makeCertificates());
afterAll(() => bench.remove());
afterEach(() => bench.cleanUp());

const listen = (tls?: TlsCredentials) => bench.listen(tls === undefined ? {} : { tls });
const dial = (port: number) => bench.dial(port);
const pem = (name: string) => bench.pem(name);
const certificate = (name = 'one') => bench.certificate(name);

describe('TCP', () => {
  it('takes messages however they are cut, answers on the same connection, pongs', async () => {
    const { bound, arrivals } = await listen();
    const socket = await dial(bound.port);
    socket.write(options.slice(0, 100));
    socket.write(`${options.slice(100)}${options}\r\n\r\n`);
    const heard = once(socket, 'data');
    await until(() => arrivals.length === 2);
    const [arrival] = arrivals;
    expect(arrival?.bytes.toString()).toBe(options);
    expect(arrival?.flow).toMatchObject({
      transport: 'tcp',
      isReliable: true,
      isOpen: true,
      local: bound,
      remote: { port: socket.localPort },
    });
    expect(String((await heard)[0])).toBe('\r\n');
    const answered = once(socket, 'data');
    arrival?.flow.send(Buffer.from('answer'), arrival.flow.remote, () => {});
    expect(String((await answered)[0])).toBe('answer');
  });

  it('uses the connection of a peer again, and makes one where there is none', async () => {
    const one = await listen();
    const two = await listen();
    one.transport.flowTo(two.bound).send(Buffer.from(options), two.bound, () => {});
    await until(() => two.arrivals.length === 1);
    const back = two.arrivals[0]?.flow.remote ?? two.bound;
    two.transport.flowTo(back).send(Buffer.from(options), back, () => {});
    await until(() => one.arrivals.length === 1);
    one.transport.flowTo(two.bound).send(Buffer.from(options), two.bound, () => {});
    await until(() => two.arrivals.length === 2);
    expect(two.arrivals[1]?.flow).toBe(two.arrivals[0]?.flow);
  });

  it('makes one for all that is sent to a peer meanwhile', async () => {
    const one = await listen();
    const two = await listen();
    for (let count = 0; count < 20; count += 1)
      one.transport.flowTo(two.bound).send(Buffer.from(options), two.bound, () => {});
    await until(() => two.arrivals.length === 20);
    expect(new Set(two.arrivals.map(({ flow }) => flow)).size).toBe(1);
  });

  it('tries anew after one that could not be made', async () => {
    const { transport } = await listen();
    const { bound, transport: other } = await listen();
    await other.close();
    const send = () =>
      new Promise((resolve) => transport.flowTo(bound).send(Buffer.from('x'), bound, resolve));
    const first = transport.flowTo(bound);
    expect(await send()).toMatch(/ECONNREFUSED/);
    expect(transport.flowTo(bound)).not.toBe(first);
    expect(await send()).toMatch(/ECONNREFUSED/);
  });

  it('tells the sender when nobody is there, and when the connection is gone', async () => {
    const { transport, arrivals, bound } = await listen();
    const nobody = { address: '127.0.0.1', port: 1 };
    expect(
      await new Promise((resolve) =>
        transport.flowTo(nobody).send(Buffer.from('x'), nobody, resolve),
      ),
    ).toMatch(/ECONNREFUSED/);
    const socket = await dial(bound.port);
    socket.write(options);
    await until(() => arrivals.length === 1);
    const flow = arrivals[0]?.flow;
    socket.destroy();
    await until(() => flow?.isOpen === false);
    expect(await new Promise((resolve) => flow?.send(Buffer.from('x'), bound, resolve))).toBe(
      'the connection is closed',
    );
  });

  it('hands the head of a broken stream up for its 400, then ends the connection', async () => {
    const { bound, arrivals, troubles } = await listen();
    const socket = await dial(bound.port);
    socket.write(requestText({ method: 'OPTIONS', headers: { 'Content-Length': 'abc' } }));
    await closing(socket);
    expect(arrivals).toHaveLength(1);
    expect(troubles).toEqual(['stream-broken']);
  });

  it('ends a connection on which nothing moves for two minutes', async () => {
    const { bound, clock, arrivals } = await listen();
    const socket = await dial(bound.port);
    socket.write(options);
    await until(() => arrivals.length === 1);
    clock.advance(119_999);
    expect(arrivals[0]?.flow.isOpen).toBe(true);
    clock.advance(1);
    await closing(socket);
    expect(clock.pending).toBe(0);
  });

  it('keeps one that a dialog lives on, until that is over', async () => {
    const { bound, clock, arrivals } = await listen();
    const socket = await dial(bound.port);
    socket.write(options);
    await until(() => arrivals.length === 1);
    const flow = arrivals[0]?.flow;
    const release = flow?.hold();
    clock.advance(600_000);
    expect(flow?.isOpen).toBe(true);
    release?.();
    clock.advance(120_000);
    await closing(socket);
    expect(clock.pending).toBe(0);
  });

  it('takes its time for each message anew: a busy peer always has one on its way', async () => {
    const { bound, clock, arrivals, troubles } = await listen();
    const socket = await dial(bound.port);
    socket.write('OPT');
    await until(() => clock.pending === 2);
    for (let count = 1; count <= 5; count += 1) {
      clock.advance(20_000);
      socket.write(`${options.slice(3)}OPT`);
      await until(() => arrivals.length === count);
    }
    expect(troubles).toEqual([]);
    expect(arrivals[0]?.flow.isOpen).toBe(true);
  });

  it('ends a peer that drips: a message may take 30 s', async () => {
    const { bound, clock, troubles } = await listen();
    const socket = await dial(bound.port);
    for (let second = 0; second < 30; second += 1) {
      socket.write('I');
      await until(() => clock.pending === 2);
      clock.advance(1_000);
    }
    await until(() => troubles.length === 1);
    expect(troubles).toEqual(['peer-too-slow']);
  });

  it('cuts off a peer that does not read', async () => {
    const { bound, arrivals, troubles } = await listen();
    const socket = await dial(bound.port);
    socket.pause();
    socket.write(options);
    await until(() => arrivals.length === 1);
    const flow = arrivals[0]?.flow;
    let why = '';
    for (let count = 0; count < 2_000 && why === ''; count += 1) {
      flow?.send(Buffer.alloc(16_000), bound, (text) => {
        why = text;
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(why).not.toBe('');
    expect(troubles).toContain('peer-does-not-read');
  });

  it('takes 64 connections of one source', async () => {
    const { bound, troubles } = await listen();
    const sockets = await Promise.all(Array.from({ length: 64 }, () => dial(bound.port)));
    const extra = await dial(bound.port);
    await closing(extra);
    expect(troubles).toEqual(['too-many-connections']);
    sockets[0]?.destroy();
    // The place is free as soon as the server has seen the end of the other.
    const isServed = async () => {
      const again = await dial(bound.port);
      again.write('\r\n\r\n');
      return await Promise.race([
        once(again, 'data').then(() => true),
        closing(again).then(() => false),
      ]);
    };
    let served = false;
    for (let attempt = 0; attempt < 100 && !served; attempt += 1) served = await isServed();
    expect(served).toBe(true);
  });

  it('a port in use is an error that names it', async () => {
    const { bound } = await listen();
    const second = new StreamTransport({ listen: () => bound, clock: new FakeClock() });
    await expect(second.open({ onMessage: () => {}, onTrouble: () => {} })).rejects.toThrow(
      `SIP cannot listen on tcp 127.0.0.1:${bound.port}`,
    );
  });
});

describe('TLS', () => {
  /** Resolves with the protocol, or the error of the handshake. */
  async function shake(port: number, extra: ConnectionOptions = {}): Promise<string> {
    const socket = connectTls({
      host: '127.0.0.1',
      port,
      servername: 'one.example.com',
      ca: pem('one.pem'),
      ...extra,
    });
    bench.endLater(socket);
    return await new Promise((resolve) => {
      socket.once('secureConnect', () => {
        // With TLS 1.3 the refusal of a client certificate comes after the handshake.
        socket.write('\r\n\r\n');
        socket.once('data', () => resolve(socket.getProtocol() ?? ''));
      });
      socket.once('error', (error) => resolve(error.message));
      socket.once('close', () => resolve('closed'));
    });
  }

  it('speaks 1.2 and 1.3, nothing older', async () => {
    const { bound } = await listen(certificate());
    expect(await shake(bound.port)).toBe('TLSv1.3');
    expect(await shake(bound.port, { maxVersion: 'TLSv1.2' })).toBe('TLSv1.2');
    expect(await shake(bound.port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).toMatch(
      /protocol version|no protocols|unsupported/i,
    );
  });

  it('is proved by name: another name, another authority are refused by the client', async () => {
    const { bound } = await listen(certificate());
    expect(await shake(bound.port, { servername: 'other.example.com' })).toMatch(/does not match/);
    expect(await shake(bound.port, { ca: pem('two.pem') })).toMatch(/self-signed/);
  });

  it('listens at several addresses with the same certificate', async () => {
    // Held here at another address, it is free at these.
    const { port } = (await listen()).bound;
    const endpoint = createSipEndpoint({
      listen: { address: '127.0.0.2', port: 0 },
      tls: {
        ...certificate(),
        address: '127.0.0.2',
        port,
        alsoListen: [{ address: '127.0.0.3', port }],
      },
      advertise: null,
      clock: systemClock,
      log: silentLog,
    });
    try {
      await endpoint.listen({ onInvite: () => {} });
      for (const host of ['127.0.0.2', '127.0.0.3'])
        expect(await shake(port, { host })).toBe('TLSv1.3');
    } finally {
      await endpoint.close();
    }
  });

  it('shows the certificate of the name that is called, else the first', async () => {
    const { bound } = await listen({ ...certificate('one'), others: [certificate('two')] });
    const two = { servername: 'two.example.com', ca: pem('two.pem') };
    expect(await shake(bound.port)).toBe('TLSv1.3');
    expect(await shake(bound.port, two)).toBe('TLSv1.3');
    expect(await shake(bound.port, { ...two, servername: 'three.example.com' })).not.toMatch(
      /^TLS/,
    );
  });

  it('proves its peers by name too when it connects itself', async () => {
    const server = await listen({ ...certificate('two') });
    const client = await listen({ ...certificate('one'), authorityFile: join(folder, 'two.pem') });
    const send = (name: string) =>
      new Promise<string>((resolve) => {
        const peer = { ...server.bound, name };
        client.transport.flowTo(peer).send(Buffer.from(options), peer, resolve);
        void until(() => server.arrivals.length === 1).then(
          () => resolve('arrived'),
          () => {},
        );
      });
    expect(await send('one.example.com')).toMatch(/does not match/);
    expect(await send('two.example.com')).toBe('arrived');
  });

  it('may ask clients for a certificate', async () => {
    const { bound } = await listen({ ...certificate(), authorityFile: join(folder, 'client.pem') });
    expect(await shake(bound.port)).not.toMatch(/^TLS/);
    expect(await shake(bound.port, { cert: pem('client.pem'), key: pem('client.key') })).toBe(
      'TLSv1.3',
    );
    expect(await shake(bound.port, { cert: pem('two.pem'), key: pem('two.key') })).not.toMatch(
      /^TLS/,
    );
  });

  it('takes a renewed certificate into force without a restart, and keeps the old one when the new is broken', async () => {
    const files = { certificateFile: join(folder, 'live.pem'), keyFile: join(folder, 'live.key') };
    const install = (name: string, second: number) => {
      copyFileSync(join(folder, `${name}.pem`), files.certificateFile);
      copyFileSync(join(folder, `${name}.key`), files.keyFile);
      for (const file of Object.values(files)) utimesSync(file, second, second);
    };
    install('one', 1_000);
    const { bound, clock, troubles, transport } = await listen(files);
    expect(await shake(bound.port)).toBe('TLSv1.3');
    install('two', 2_000);
    clock.advance(60_000);
    await until(() => troubles.includes('tls-certificate-renewed'));
    expect(await shake(bound.port, { servername: 'two.example.com', ca: pem('two.pem') })).toBe(
      'TLSv1.3',
    );
    copyFileSync(join(folder, 'one.key'), files.keyFile);
    await until(() => clock.pending > 0);
    clock.advance(60_000);
    await until(() => troubles.includes('tls-certificate-not-renewed'));
    expect(await shake(bound.port, { servername: 'two.example.com', ca: pem('two.pem') })).toBe(
      'TLSv1.3',
    );
    // What the node connects itself uses the old one, too, and throws into nobody's call.
    const why = await new Promise((resolve) =>
      transport.flowTo(bound).send(Buffer.from(options), bound, resolve),
    );
    expect(why).toMatch(/self-signed/);
  });

  it('takes renewed authorities into force without a restart', async () => {
    const authorityFile = join(folder, 'live-authority.pem');
    copyFileSync(join(folder, 'two.pem'), authorityFile);
    utimesSync(authorityFile, 1_000, 1_000);
    const { bound, clock, troubles } = await listen({ ...certificate(), authorityFile });
    const client = { cert: pem('client.pem'), key: pem('client.key') };
    expect(await shake(bound.port, client)).not.toMatch(/^TLS/);
    copyFileSync(join(folder, 'client.pem'), authorityFile);
    clock.advance(60_000);
    await until(() => troubles.includes('tls-certificate-renewed'));
    expect(await shake(bound.port, client)).toBe('TLSv1.3');
  });

  it('a peer that is gone in the middle of a message leaves nothing, and nothing of it is read', async () => {
    const { bound, arrivals, clock } = await listen(certificate());
    const socket = connectTls({
      host: '127.0.0.1',
      port: bound.port,
      servername: 'one.example.com',
      ca: pem('one.pem'),
    });
    bench.endLater(socket);
    await once(socket, 'secureConnect');
    socket.write(`${options}${options.slice(0, 50)}`);
    // Idle, and the half message.
    await until(() => clock.pending === 3);
    socket.destroy();
    await until(() => clock.pending === 1);
    expect(arrivals).toHaveLength(1);
    expect(arrivals[0]?.flow.isOpen).toBe(false);
  });

  it('a peer that is no TLS client costs one line', async () => {
    const { bound, troubles } = await listen(certificate());
    const socket = await dial(bound.port);
    socket.write(options);
    await until(() => troubles.length > 0);
    expect(troubles).toEqual(['tls-handshake-failed']);
  });

  it('a certificate that cannot be read is an error at the start', async () => {
    for (const key of ['none.key', 'two.key'])
      await expect(listen({ ...certificate(), keyFile: join(folder, key) })).rejects.toThrow(key);
  });
});
