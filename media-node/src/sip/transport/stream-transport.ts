/** SIP over TCP and TLS: a listener, its connections, and connections of our own where none can be used again. RFC 3261 §18, RFC 5922. */
import {
  connect as connectTcp,
  createServer as createTcp,
  type Server,
  type Socket,
} from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { sipLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { NetworkList } from '../network-list.ts';
import type { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import { OutgoingConnection } from './outgoing-connection.ts';
import { readProxiedSource } from './proxied-socket.ts';
import { TlsAcceptor } from './tls-acceptor.ts';
import { type TlsCredentials, WatchedCredentials } from './tls-credentials.ts';
import type { Flow, HostPort, Peer, Transport, TransportEvents } from './transport.ts';
import { UnfinishedSockets } from './unfinished-sockets.ts';

export interface StreamTransportOptions {
  /** Asked when it opens. */
  readonly listen: () => HostPort;
  readonly clock: Clock;
  /** TLS with these; TCP without. */
  readonly tls?: TlsCredentials;
  /** Networks of balancers whose connections begin with a PROXY header; none by default. */
  readonly balancers?: readonly string[];
}

export class StreamTransport implements Transport {
  readonly name: 'tcp' | 'tls';
  readonly #listen: () => HostPort;
  readonly #clock: Clock;
  readonly #credentials: WatchedCredentials | null;
  readonly #balancers: NetworkList;
  #bound: HostPort = { address: '', port: 0 };
  #server: Server | null = null;
  #connections: Connections | null = null;
  /** Accepted, but not connections yet. */
  readonly #unfinished = new UnfinishedSockets();
  /** Connections that are being made, by whom they lead to: what is sent to one peer meanwhile shares one. */
  readonly #connecting = new Map<string, OutgoingConnection>();
  /** Our own attempts, ended with the rest. */
  readonly #attempts = new Set<Socket>();

  constructor({ listen, clock, tls, balancers = [] }: StreamTransportOptions) {
    this.name = tls === undefined ? 'tcp' : 'tls';
    this.#listen = listen;
    this.#clock = clock;
    this.#credentials = tls === undefined ? null : new WatchedCredentials(tls, clock);
    this.#balancers = new NetworkList(balancers);
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
    const take = (socket: Socket, remote: HostPort) =>
      this.#take(socket, remote, connections, events);
    const acceptor = await this.#tlsAcceptor(take, events);
    const server = createTcp((socket) =>
      this.#accept(socket, events, acceptor === null ? take : acceptor.accept),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(new Error(`SIP cannot listen on ${where}: ${error.message}`)),
      );
      server.listen({ host: address, port, ipv6Only: true }, resolve);
    });
    server.removeAllListeners('error');
    server.on('error', (error) => events.onTrouble('listener-error', { why: error }));
    this.#server = server;
    const bound = server.address();
    if (bound !== null && typeof bound !== 'string') {
      this.#bound = { address: bound.address, port: bound.port };
    }
    this.#credentials?.watch((secrets) => acceptor?.renew(secrets), events.onTrouble);
    return this.#bound;
  }

  flowTo(peer: Peer): Flow {
    const open = this.#connections?.find(peer) ?? null;
    if (open !== null) return open;
    const key = `${peer.address} ${peer.port} ${peer.name ?? ''}`;
    const begun = this.#connecting.get(key);
    if (begun !== undefined) return begun;
    const flow = new OutgoingConnection(this.name, this.#bound, peer, async () => {
      try {
        return await this.#connect(peer);
      } finally {
        this.#connecting.delete(key);
      }
    });
    this.#connecting.set(key, flow);
    return flow;
  }

  async close(): Promise<void> {
    this.#credentials?.stop();
    this.#connections?.close();
    this.#unfinished.close();
    for (const socket of this.#attempts) socket.destroy();
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  async #tlsAcceptor(
    onSecure: (socket: TLSSocket, remote: HostPort) => void,
    events: TransportEvents,
  ): Promise<TlsAcceptor | null> {
    if (this.#credentials === null) return null;
    const secrets = await this.#credentials.load();
    return new TlsAcceptor({ secrets, unfinished: this.#unfinished, onSecure, events });
  }

  /** A socket comes in: whose is it, and may it have one more? */
  #accept(
    socket: Socket,
    events: TransportEvents,
    next: (socket: Socket, remote: HostPort) => void,
  ): void {
    const { remoteAddress: address, remotePort: port } = socket;
    // A peer that has gone already has no address any more.
    if (address === undefined || port === undefined) return void socket.destroy();
    socket.on('error', () => socket.destroy());
    const peer = { address, port };
    if (!this.#balancers.holds(address)) return next(socket, peer);
    // A balancer has one address for everybody behind it; only the number in all bounds it here.
    if (!this.#unfinished.admit(socket, `${address} ${port}`)) return;
    const onSource = (source: HostPort) => {
      this.#unfinished.release(socket);
      next(socket, source);
    };
    readProxiedSource(socket, this.#clock, peer, onSource, (why) =>
      events.onTrouble('proxy-header-refused', { source: address, why }),
    );
  }

  #take(socket: Socket, remote: HostPort, connections: Connections, events: TransportEvents): void {
    if (connections.admit(socket, remote) !== null) return;
    events.onTrouble('too-many-connections', { source: remote.address });
    socket.destroy();
  }

  /** Never throws: a certificate that cannot be used is a connection that fails. */
  async #connect(peer: Peer): Promise<Connection> {
    const connections = this.#connections;
    if (connections === null) throw new Error('the transport is not open');
    const { address, port } = peer;
    const credentials = this.#credentials;
    const socket: Socket | TLSSocket =
      credentials === null
        ? connectTcp({ host: address, port })
        : connectTls({ host: address, port, ...credentials.forClient(peer.name) });
    this.#attempts.add(socket);
    return await new Promise((resolve, reject) => {
      const limit = this.#clock.after(sipLimits.handshakeMs, () =>
        socket.destroy(new Error(`no connection to ${address}:${port} in time`)),
      );
      const settle = () => {
        limit.cancel();
        this.#attempts.delete(socket);
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
