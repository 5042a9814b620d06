/** SIP over UDP: one socket, one message a datagram. RFC 3261 §18. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Flow, HostPort, Transport, TransportEvents } from './transport.ts';

/** Room for a burst of INVITEs while the loop is busy, bytes. The kernel may grant less. */
const receiveBufferBytes = 2 * 1024 * 1024;

export class UdpTransport implements Transport {
  readonly name = 'udp';
  readonly #listen: HostPort;
  #socket: Socket | null = null;
  #bound: HostPort;

  constructor(listen: HostPort) {
    this.#listen = listen;
    this.#bound = listen;
  }

  get bound(): HostPort {
    return this.#bound;
  }

  async open(events: TransportEvents): Promise<HostPort> {
    const { address, port } = this.#listen;
    const type = isIPv6(address) ? 'udp6' : 'udp4';
    const socket = createSocket({
      type,
      ipv6Only: type === 'udp6',
      recvBufferSize: receiveBufferBytes,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) =>
        reject(new Error(`SIP cannot listen on udp ${address}:${port}: ${error.message}`)),
      );
      socket.bind({ address, port, exclusive: true }, resolve);
    });
    socket.removeAllListeners('error');
    socket.on('error', (error) => events.onTrouble('udp-socket-error', { why: error }));
    socket.on('message', (bytes, from) => this.#receive(events, bytes, from));
    this.#socket = socket;
    const { address: boundAddress, port: boundPort } = socket.address();
    this.#bound = { address: boundAddress, port: boundPort };
    return this.#bound;
  }

  flowTo(peer: HostPort): Flow {
    return {
      transport: 'udp',
      isReliable: false,
      isOpen: true,
      local: this.#bound,
      remote: peer,
      send: (bytes, to, onFailed) => this.#send(bytes, to, onFailed),
      hold: () => () => {},
    };
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    await new Promise<void>((resolve) => {
      socket.close(resolve);
    });
  }

  #receive(events: TransportEvents, bytes: Buffer, { address, port }: RemoteInfo): void {
    events.onMessage({ bytes, flow: this.flowTo({ address, port }) });
  }

  #send(bytes: Buffer, to: HostPort, onFailed: (why: string) => void): void {
    const socket = this.#socket;
    if (socket === null || to.port < 1 || to.port > 65_535) {
      const why = socket === null ? 'socket is closed' : `port ${to.port} cannot be sent to`;
      queueMicrotask(() => onFailed(why));
      return;
    }
    socket.send(bytes, to.port, to.address, (error) => {
      if (error !== null) onFailed(error.message);
    });
  }
}
