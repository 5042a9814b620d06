/** SIP over TCP and TLS: a listener, its connections, and connections of our own where none can be used again. RFC 3261 §18, RFC 5922. */
import {
  connect as connectTcp,
  createServer as createTcp,
  type Server,
  type Socket,
} from 'node:net';
import { connect as connectTls, createServer as createTls, type TLSSocket } from 'node:tls';
import { sipLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import type { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import { OutgoingConnection } from './outgoing-connection.ts';
import { type TlsCredentials, WatchedCredentials } from './tls-credentials.ts';
import type { Flow, HostPort, Peer, Transport, TransportEvents } from './transport.ts';

export interface StreamTransportOptions {
  /** Asked when it opens. */
  readonly listen: () => HostPort;
  readonly clock: Clock;
  /** TLS with these; TCP without. */
  readonly tls?: TlsCredentials;
}

export class StreamTransport implements Transport {
  readonly name: 'tcp' | 'tls';
  readonly #listen: () => HostPort;
  readonly #clock: Clock;
  readonly #credentials: WatchedCredentials | null;
  #bound: HostPort = { address: '', port: 0 };
  #server: Server | null = null;
  #connections: Connections | null = null;
  /** Sockets whose handshake is not done, ended with the rest. */
  readonly #unfinished = new Set<Socket>();

  constructor({ listen, clock, tls }: StreamTransportOptions) {
    this.name = tls === undefined ? 'tcp' : 'tls';
    this.#listen = listen;
    this.#clock = clock;
    this.#credentials = tls === undefined ? null : new WatchedCredentials(tls, clock);
  }

  get bound(): HostPort {
    return this.#bound;
  }

  async open(events: TransportEvents): Promise<HostPort> {
    const { address, port } = this.#listen();
    const where = `${this.name} ${address}:${port}`;
    const connections = new Connections({
      transport: this.name,
      clock: this.#clock,
      events,
      local: () => this.#bound,
    });
    this.#connections = connections;
    const server = await this.#createServer((socket) => this.#accept(socket, connections, events));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(new Error(`SIP cannot listen on ${where}: ${error.message}`)),
      );
      server.listen({ host: address, port, ipv6Only: true }, resolve);
    });
    server.removeAllListeners('error');
    server.on('error', (error) => events.onTrouble('listener-error', { why: error }));
    server.on('tlsClientError', (error, socket) =>
      events.onTrouble('tls-handshake-failed', { source: socket.remoteAddress, why: error }),
    );
    this.#server = server;
    const bound = server.address();
    if (bound !== null && typeof bound !== 'string') {
      this.#bound = { address: bound.address, port: bound.port };
    }
    this.#credentials?.watch((secrets) => {
      if ('setSecureContext' in server) server.setSecureContext(secrets);
    }, events.onTrouble);
    return this.#bound;
  }

  flowTo(peer: Peer): Flow {
    const open = this.#connections?.find(peer) ?? null;
    if (open !== null) return open;
    return new OutgoingConnection(this.name, this.#bound, peer, () => this.#connect(peer));
  }

  async close(): Promise<void> {
    this.#credentials?.stop();
    this.#connections?.close();
    for (const socket of this.#unfinished) socket.destroy();
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  async #createServer(
    onSocket: (socket: Socket) => void,
  ): Promise<ReturnType<typeof createTls> | Server> {
    if (this.#credentials === null) return createTcp(onSocket);
    const secrets = await this.#credentials.load();
    const server = createTls({ ...secrets, handshakeTimeout: sipLimits.handshakeMs }, onSocket);
    // Raw sockets count from their first packet: a handshake that stalls holds one like any other.
    server.on('connection', (socket: Socket) => this.#holdUnfinished(socket));
    server.maxConnections = 2 * sipLimits.connectionsMax;
    return server;
  }

  #holdUnfinished(socket: Socket): void {
    this.#unfinished.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#unfinished.delete(socket));
  }

  #accept(socket: Socket, connections: Connections, events: TransportEvents): void {
    const { remoteAddress, remotePort } = socket;
    // A peer that has gone already has no address any more.
    if (remoteAddress === undefined || remotePort === undefined) return void socket.destroy();
    if (connections.isFull(remoteAddress)) {
      events.onTrouble('too-many-connections', { source: remoteAddress });
      socket.on('error', () => {});
      return void socket.destroy();
    }
    connections.add(socket, { address: remoteAddress, port: remotePort });
  }

  #connect(peer: Peer): Promise<Connection> {
    const connections = this.#connections;
    if (connections === null) return Promise.reject(new Error('the transport is not open'));
    const { address, port } = peer;
    const credentials = this.#credentials;
    const socket: Socket | TLSSocket =
      credentials === null
        ? connectTcp({ host: address, port })
        : connectTls({ host: address, port, ...credentials.forClient(peer.name) });
    this.#unfinished.add(socket);
    return new Promise((resolve, reject) => {
      const limit = this.#clock.after(sipLimits.handshakeMs, () =>
        socket.destroy(new Error(`no connection to ${address}:${port} in time`)),
      );
      const settle = () => {
        limit.cancel();
        this.#unfinished.delete(socket);
      };
      socket.once('error', (error) => {
        settle();
        reject(error);
      });
      socket.once('close', () => {
        settle();
        reject(new Error('the connection was closed'));
      });
      socket.once(credentials === null ? 'connect' : 'secureConnect', () => {
        settle();
        resolve(connections.add(socket, { address, port }));
      });
    });
  }
}
