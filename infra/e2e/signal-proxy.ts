/** LiveKit's signalling through a proxy that can refuse, break, fall silent and put words into the server's mouth. The messages are real, and so is the server. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { SignalRequest, SignalResponse } from '@livekit/protocol';
import { WebSocket, WebSocketServer } from 'ws';

export class SignalProxy {
  /** False: connections are closed as soon as they come. */
  isOpen = true;
  /** Answers an upgrade with this status instead; null: lets it through. */
  refuse: (path: string) => number | null = () => null;
  /** Answers an upgrade with such a query with 404 instead. */
  refuseQuery: (query: URLSearchParams) => boolean = () => false;
  /** What becomes of a message of the server. */
  alter: (message: SignalResponse) => SignalResponse = (message) => message;
  /** What becomes of a message of the client. */
  alterRequest: (message: SignalRequest) => SignalRequest = (message) => message;
  /** What becomes of the query that asks for the signalling. */
  alterQuery: (query: URLSearchParams) => void = () => {};
  /** Paths that were asked for, and tokens that came with them. */
  readonly paths: string[] = [];
  readonly tokens: string[] = [];
  readonly #to: string;
  readonly #http: Server;
  readonly #upgrades = new WebSocketServer({ noServer: true });
  readonly #clients = new Set<WebSocket>();
  /** Connections on which nothing passes any more. */
  readonly #silent = new WeakSet<WebSocket>();

  private constructor(to: string) {
    this.#to = to;
    this.#http = createServer((_request, response) => response.writeHead(404).end());
    this.#http.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
  }

  /** @param to `ws://127.0.0.1:7880` */
  static async listen(to: string): Promise<SignalProxy> {
    const proxy = new SignalProxy(to);
    await new Promise<void>((done) => proxy.#http.listen(0, '127.0.0.1', done));
    return proxy;
  }

  get url(): string {
    const address = this.#http.address();
    return `ws://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  /** Breaks every connection without a word. */
  cut(): void {
    for (const client of this.#clients) client.terminate();
  }

  /** The connections that there are stay open, and nothing passes on them any more. */
  silence(): void {
    for (const client of this.#clients) this.#silent.add(client);
  }

  /** Says something to every client as if the server had. */
  say(message: SignalResponse['message']): void {
    for (const client of this.#clients) client.send(new SignalResponse({ message }).toBinary());
  }

  close(): Promise<void> {
    this.cut();
    this.#upgrades.close();
    return new Promise((done) => this.#http.close(() => done()));
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {});
    if (!this.isOpen) return void socket.destroy();
    const url = new URL(request.url ?? '/', this.#to);
    const { authorization = '' } = request.headers;
    this.paths.push(url.pathname);
    this.tokens.push(authorization.replace('Bearer ', ''));
    const status = this.refuseQuery(url.searchParams) ? 404 : this.refuse(url.pathname);
    if (status !== null) return void socket.end(`HTTP/1.1 ${status} Refused\r\n\r\n`);
    this.alterQuery(url.searchParams);
    const server = new WebSocket(url, { headers: { authorization } });
    server.on('error', () => socket.destroy());
    server.on('unexpected-response', (_request, response) =>
      socket.end(`HTTP/1.1 ${response.statusCode} Refused\r\n\r\n`),
    );
    server.once('open', () =>
      this.#upgrades.handleUpgrade(request, socket, head, (client) => this.#join(client, server)),
    );
  }

  #join(client: WebSocket, server: WebSocket): void {
    this.#clients.add(client);
    client.on('error', () => {});
    client.on('close', () => {
      this.#clients.delete(client);
      server.terminate();
    });
    server.on('close', () => client.close());
    client.on('message', (data) => {
      if (this.#silent.has(client) || !Buffer.isBuffer(data)) return;
      server.send(this.alterRequest(SignalRequest.fromBinary(data)).toBinary());
    });
    server.on('message', (data) => {
      if (this.#silent.has(client) || !Buffer.isBuffer(data)) return;
      client.send(this.alter(SignalResponse.fromBinary(data)).toBinary());
    });
  }
}
