/**
 * The server's side of TLS handshakes, on sockets that somebody else has accepted: so that what comes before the handshake (a PROXY header) can be
 * read first, and handshakes that stall are counted by who makes them.
 */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { sipLimits } from '@callgate/shared/limits.ts';
import type { HostPort, TransportEvents } from './transport.ts';
import type { UnfinishedSockets } from './unfinished-sockets.ts';

export interface TlsAcceptorOptions {
  readonly secrets: TlsOptions;
  readonly unfinished: UnfinishedSockets;
  /** The handshake is done. */
  readonly onSecure: (socket: TLSSocket, remote: HostPort) => void;
  readonly events: TransportEvents;
}

export class TlsAcceptor {
  readonly #options: TlsAcceptorOptions;
  readonly #server: Server;
  /** Whose the sockets are that shake hands, by their address and port as the kernel knows them. */
  readonly #shaking = new Map<string, { readonly socket: Socket; readonly remote: HostPort }>();

  constructor(options: TlsAcceptorOptions) {
    const { secrets, events } = options;
    this.#options = options;
    this.#server = createServer({ ...secrets, handshakeTimeout: sipLimits.handshakeMs });
    this.#server.on('secureConnection', (socket) => {
      const shaken = this.#shaking.get(keyOf(socket));
      if (shaken === undefined) return void socket.destroy();
      options.unfinished.release(shaken.socket);
      options.onSecure(socket, shaken.remote);
    });
    this.#server.on('tlsClientError', (error, socket) => {
      const source = this.#shaking.get(keyOf(socket))?.remote.address ?? socket.remoteAddress ?? '';
      events.onTrouble('tls-handshake-failed', { source, why: error });
    });
  }

  /** Begins a handshake. */
  readonly accept = (socket: Socket, remote: HostPort): void => {
    const { unfinished, events } = this.#options;
    if (!unfinished.admit(socket, remote.address)) {
      events.onTrouble('too-many-handshakes', { source: remote.address });
      return;
    }
    const key = keyOf(socket);
    this.#shaking.set(key, { socket, remote });
    socket.once('close', () => this.#shaking.delete(key));
    this.#server.emit('connection', socket);
  };

  /** Another certificate for handshakes from now on. @throws Error when it cannot be used */
  renew(secrets: TlsOptions): void {
    this.#server.setSecureContext(secrets);
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
