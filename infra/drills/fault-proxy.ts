/**
 * A proxy between node and edge that can be told to be slow, to answer errors, to swallow what comes, or to cut links: the network at its worst, with a real node
 * and a real edge on both ends.
 */
import {
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pause } from '../e2e/phone-calls.ts';

/** What happens to each request from now on. */
export type Fault =
  | { readonly kind: 'none' }
  /** Passed on after this long; the edge does act on it. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Answered by the proxy; the edge never hears of it. */
  | { readonly kind: 'status'; readonly status: number }
  /** Nothing goes through, and no link comes up; those that are up have to be cut. */
  | { readonly kind: 'cut' };

const host = '127.0.0.1';

export class FaultProxy {
  readonly url: string;
  fault: Fault = { kind: 'none' };
  /** Requests that met a fault. */
  faulted = 0;
  readonly #server: Server;
  readonly #edgePort: number;
  readonly #links = new Set<Duplex>();

  private constructor(server: Server, edgePort: number) {
    this.#server = server;
    this.#edgePort = edgePort;
    this.url = `http://${host}:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => void this.#pass(request, response));
    server.on('upgrade', (request, socket, head) => this.#link(request, socket, head));
  }

  /** Listens; the edge need not be there yet. */
  static async start(edgePort: number): Promise<FaultProxy> {
    const server = createServer();
    await new Promise<void>((settle, fail) => {
      server.once('error', fail);
      server.listen(0, host, settle);
    });
    return new FaultProxy(server, edgePort);
  }

  get links(): number {
    return this.#links.size;
  }

  /** Cuts every WebSocket that goes through, without a close frame. */
  cutLinks(): void {
    for (const link of this.#links) link.destroy();
  }

  async close(): Promise<void> {
    this.cutLinks();
    this.#server.closeAllConnections();
    await new Promise((settle) => this.#server.close(settle));
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { fault } = this;
    if (fault.kind !== 'none') this.faulted += 1;
    if (fault.kind === 'cut') {
      request.socket.destroy();
      return;
    }
    if (fault.kind === 'status') {
      request.resume();
      response.writeHead(fault.status, { 'content-type': 'text/html' }).end('<h1>proxy</h1>');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (fault.kind === 'slow') await pause(fault.ms);
    const onward = this.#onward(request);
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    // The edge is away, or went while it answered: the node sees what a proxy would show it.
    onward.on('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    onward.end(Buffer.concat(chunks));
  }

  #link(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.fault.kind === 'cut') {
      socket.destroy();
      return;
    }
    const onward = this.#onward(request);
    onward.on('upgrade', (answer, edge: Socket, edgeHead) => {
      const rows = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${rows.join('\r\n')}\r\n\r\n`);
      this.#links.add(socket);
      socket.write(edgeHead);
      edge.write(head);
      edge.pipe(socket).pipe(edge);
      for (const end of [socket, edge]) {
        end.on('error', () => {});
        end.on('close', () => {
          this.#links.delete(socket);
          socket.destroy();
          edge.destroy();
        });
      }
    });
    onward.on('response', () => socket.destroy());
    onward.on('error', () => socket.destroy());
    onward.end();
  }

  #onward({ method, url, headers }: IncomingMessage): ClientRequest {
    return httpRequest({ host, port: this.#edgePort, method, path: url, headers });
  }
}
