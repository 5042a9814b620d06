/**
 * A new way under a WebRTC connection whose native code knows one way only: the server restarts ICE (RFC 8445 §2.4) and the library cannot. Between the two stand two ends of ICE: toward the
 * library one that speaks as the server did before the restart, toward the server one that speaks for the library. DTLS, SRTP and data pass between them as they are, with keys that nobody
 * here has; it costs two more datagrams of Node's per packet, and only after a restart.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Clock } from '../../../../clock.ts';
import { IceEnd } from './ice-end.ts';
import type { IceCredentials } from './ice-sdp.ts';
import type { Address } from './stun.ts';

export interface PathOptions {
  readonly clock: Clock;
  /** The library's, from its first description. */
  readonly library: IceCredentials & { readonly at: Address };
  /** The server's from before any restart: those that the library knows. */
  readonly before: IceCredentials;
  /** Address literal that packets to the server leave from; null: any of this machine's. */
  readonly bindAddress: string | null;
}

export class IcePath {
  readonly #options: PathOptions;
  readonly #inner: Socket;
  readonly #outer: Socket;
  readonly #library: IceEnd;
  #server: IceEnd | null = null;

  private constructor(options: PathOptions, inner: Socket, outer: Socket) {
    this.#options = options;
    this.#inner = inner;
    this.#outer = outer;
    const { library, before, clock } = options;
    this.#library = new IceEnd(inner, clock, {
      local: before,
      remote: library,
      isControlling: true,
      onData: (bytes) => this.#server?.send(bytes),
      isWillingToAnswer: () => this.#server?.isAlive === true,
    });
    inner.on('message', (bytes, from) => this.#library.take(bytes, from));
    outer.on('message', (bytes, from) => this.#server?.take(bytes, from));
    // A way that is refused is one that brings no answer.
    for (const socket of [inner, outer]) socket.on('error', () => {});
  }

  /** @throws Error when there is no socket to be had */
  static async open(options: PathOptions): Promise<IcePath> {
    const { bindAddress, library } = options;
    const inner = await bound(library.at.address);
    try {
      const any = isIPv6(library.at.address) ? '::' : '0.0.0.0';
      return new IcePath(options, inner, await bound(bindAddress ?? any));
    } catch (error) {
      inner.close();
      throw error;
    }
  }

  /** Where the server finds us: a host candidate. */
  get at(): Address {
    const { address, port } = this.#outer.address();
    const isAny = address === '0.0.0.0' || address === '::';
    return { address: isAny ? this.#options.library.at.address : address, port };
  }

  /** Packets can pass from one side to the other. */
  get isUp(): boolean {
    return this.#library.isUp && this.#server?.isUp === true;
  }

  /** The server has restarted. @param isControlling it only answers */
  restart(local: IceCredentials, remote: IceCredentials, isControlling: boolean): void {
    this.#server?.close();
    this.#server = new IceEnd(this.#outer, this.#options.clock, {
      local,
      remote,
      isControlling,
      onData: (bytes) => this.#library.send(bytes),
      isWillingToAnswer: () => true,
    });
    this.#library.add(this.#options.library.at);
  }

  /** The server has named an address of its own. */
  add(address: Address): void {
    this.#server?.add(address);
  }

  close(): void {
    this.#library.close();
    this.#server?.close();
    this.#inner.close();
    this.#outer.close();
  }
}

async function bound(address: string): Promise<Socket> {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
  await new Promise<void>((done, fail) => {
    socket.once('error', fail);
    socket.bind(0, address, () => {
      socket.off('error', fail);
      done();
    });
  }).catch((error: unknown) => {
    socket.close();
    throw error;
  });
  return socket;
}
