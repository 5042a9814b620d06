/**
 * One UDP socket for RTP. It hands every datagram on and sends what it is given; it judges nothing. Errors of the socket
 * (an unreachable network, a destination that cannot be) end nothing: RTP is lossy by design, and whether the caller is still
 * there is the silence watch's business.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** Takes a datagram; the bytes are valid only during the call unless kept by reference on purpose. */
export type DatagramHandler = (bytes: Buffer, address: string, port: number) => void;

/** Addresses are literals here: without this the socket would ask the resolver for each packet. */
function lookupLiteral(
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, isIPv6(host) ? 6 : 4);
}

export class RtpPort {
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  #handler: DatagramHandler = () => {};
  #isClosed = false;

  private constructor(socket: Socket, address: string, port: number) {
    this.#socket = socket;
    this.address = address;
    this.port = port;
    socket.on('message', (bytes, source) => this.#handler(bytes, source.address, source.port));
    // A socket without a listener ends the process on the first ICMP error.
    socket.on('error', () => {});
  }

  /** Binds an address literal and port. Rejects with the socket's error, EADDRINUSE when it is taken. */
  static bind(address: string, port: number): Promise<RtpPort> {
    const socket = createSocket({
      type: isIPv6(address) ? 'udp6' : 'udp4',
      ipv6Only: isIPv6(address),
      lookup: lookupLiteral,
    });
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ address, port, exclusive: true }, () => {
        socket.removeAllListeners('error');
        resolve(new RtpPort(socket, address, socket.address().port));
      });
    });
  }

  /** Who gets the datagrams from now on. */
  onDatagram(handler: DatagramHandler): void {
    this.#handler = handler;
  }

  /** Sends `bytes`; they must not change before the next call but eight (the kernel may be busy). */
  send(bytes: Buffer, address: string, port: number): void {
    if (this.#isClosed || port === 0) return;
    try {
      this.#socket.send(bytes, 0, bytes.length, port, address);
    } catch {
      // An address of the other family or a destination the kernel refuses at once: as good as lost.
    }
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    this.#handler = () => {};
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}
