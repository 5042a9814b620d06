import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { KeepAliveClient } from './keep-alive-client.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const options = {
  headers: { 'x-who': 'us' },
  body: '{"ä":1}',
  timeoutMs: 10_000,
  answerBytesMax: 64,
};

/** A real server. @returns its URL, a client, and how many connections were made to it */
async function serve(listener: RequestListener) {
  let connections = 0;
  const server = createServer(listener);
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const client = new KeepAliveClient(systemClock);
  closers.push(
    () => new Promise((settle) => server.close(settle)),
    () => client.close(),
  );
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/v1/x`), client, connections: () => connections };
}

describe('KeepAliveClient', () => {
  it('posts the body with the headers and gives status and text back', async () => {
    const { url, client } = await serve((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () =>
        response
          .writeHead(201)
          .end(
            `${request.method} ${request.url} ${request.headers['x-who']} ${Buffer.concat(parts)}`,
          ),
      );
    });
    expect(await client.post(url, options)).toEqual({
      status: 201,
      text: 'POST /v1/x us {"ä":1}',
    });
  });

  it('uses one connection again and again', async () => {
    const { url, client, connections } = await serve((_request, response) => response.end('ok'));
    for (let n = 0; n < 5; n += 1) await client.post(url, options);
    expect(connections()).toBe(1);
  });

  it('opens another rather than let a question wait for the answer to one before', async () => {
    const waiting: (() => void)[] = [];
    const { url, client, connections } = await serve((_request, response) => {
      waiting.push(() => response.end('ok'));
      if (waiting.length === 2) for (const answer of waiting) answer();
    });
    await Promise.all([client.post(url, options), client.post(url, options)]);
    expect(connections()).toBe(2);
  });

  it('fails by name when the answer does not come in time, or not to its end', async () => {
    for (const begin of [false, true]) {
      const { url, client } = await serve((_request, response) => {
        if (begin) response.writeHead(200).write('so far');
      });
      await expect(client.post(url, { ...options, timeoutMs: 50 })).rejects.toMatchObject({
        name: 'TimeoutError',
      });
    }
  });

  it('takes no answer that is longer than allowed', async () => {
    const { url, client } = await serve((_request, response) => response.end('x'.repeat(65)));
    await expect(client.post(url, options)).rejects.toThrow('more than 64 bytes of answer');
  });

  it('fails when the server goes away in the middle', async () => {
    const { url, client } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      setImmediate(() => response.destroy());
    });
    await expect(client.post(url, options)).rejects.toThrow();
  });

  it('fails what waits when it is closed', async () => {
    const { url, client } = await serve(() => setImmediate(() => client.close()));
    await expect(client.post(url, options)).rejects.toThrow();
  });

  it('fails on what is no HTTP', async () => {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.write('SSH-2.0-x\r\n\r\n');
    });
    await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
    const client = new KeepAliveClient(systemClock);
    closers.push(
      () => new Promise((settle) => server.close(settle)),
      () => client.close(),
      () => sockets.map((socket) => socket.destroy()),
    );
    const { port } = server.address() as AddressInfo;
    await expect(client.post(new URL(`http://127.0.0.1:${port}/`), options)).rejects.toThrow();
  });
});
