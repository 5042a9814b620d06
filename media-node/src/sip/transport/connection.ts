/**
 * One TCP or TLS connection as a flow: frames what comes in, writes what goes out, and ends itself when the peer is silent, slow, deaf or
 * makes no sense.
 */
import type { Socket } from 'node:net';
import { sipLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../clock.ts';
import { StreamFramer } from './stream-framer.ts';
import type { Flow, HostPort, TransportEvents, TransportName } from './transport.ts';

export interface ConnectionOptions {
  readonly transport: TransportName;
  readonly socket: Socket;
  readonly clock: Clock;
  readonly events: TransportEvents;
  /** Address and port that we listen on by this transport: what Contact and Via name, not the port of an outgoing connection. */
  readonly local: HostPort;
  readonly remote: HostPort;
  readonly onClosed: () => void;
}

const pong = Buffer.from('\r\n');

export class Connection implements Flow {
  readonly transport: TransportName;
  readonly isReliable = true;
  readonly local: HostPort;
  readonly remote: HostPort;
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #framer = new StreamFramer();
  #isOpen = true;
  #holds = 0;
  #idle: Timer | null = null;
  #incomplete: Timer | null = null;

  constructor(options: ConnectionOptions) {
    const { socket } = options;
    this.transport = options.transport;
    this.local = options.local;
    this.remote = options.remote;
    this.#socket = socket;
    this.#options = options;
    socket.setNoDelay(true);
    // Keeps the way through NATs open, and finds out that a peer has lost its power.
    socket.setKeepAlive(true, sipLimits.keepAliveMs);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#end('connection-failed', error.message));
    socket.on('close', () => this.#closed());
    this.#touch();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(bytes: Buffer, _to: HostPort, onFailed: (why: string) => void): void {
    if (!this.#isOpen) {
      queueMicrotask(() => onFailed('the connection is closed'));
      return;
    }
    if (this.#socket.writableLength > sipLimits.connectionUnsentBytesMax) {
      this.#end('peer-does-not-read', `${this.#socket.writableLength} bytes wait to be sent`);
      queueMicrotask(() => onFailed('the peer does not read'));
      return;
    }
    this.#touch();
    let hasFailed = false;
    this.#socket.write(bytes, (error) => {
      if (error === null || error === undefined || hasFailed) return;
      hasFailed = true;
      onFailed(error.message);
    });
  }

  /** True while a dialog lives on it. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  hold(): () => void {
    this.#holds += 1;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#holds -= 1;
    };
  }

  /** Ends it at once. */
  destroy(): void {
    this.#socket.destroy();
    this.#closed();
  }

  #receive(chunk: Buffer): void {
    if (!this.#isOpen) return;
    this.#touch();
    const all = this.#framer.push(chunk);
    // What is left belongs to another message than what was waited for.
    if (all.some(({ kind }) => kind === 'message')) this.#stopWatching();
    for (const framed of all) {
      switch (framed.kind) {
        case 'ping':
          this.send(pong, this.remote, () => {});
          break;
        case 'message':
          this.#options.events.onMessage({ bytes: framed.bytes, flow: this });
          break;
        case 'broken':
          // The head may still be answered with 400; nothing behind it can be found again.
          if (framed.head !== null)
            this.#options.events.onMessage({ bytes: framed.head, flow: this });
          this.#finish('stream-broken', framed.why);
          break;
        default:
          framed satisfies never;
      }
    }
    this.#watchIncomplete();
  }

  /** A message that has begun must end soon, whatever drips in meanwhile. */
  #watchIncomplete(): void {
    if (this.#framer.pendingBytes === 0 || !this.#isOpen) return this.#stopWatching();
    this.#incomplete ??= this.#options.clock.after(sipLimits.messageMs, () =>
      this.#end('peer-too-slow', `${this.#framer.pendingBytes} bytes of a message`),
    );
  }

  #stopWatching(): void {
    this.#incomplete?.cancel();
    this.#incomplete = null;
  }

  #touch(): void {
    this.#idle?.cancel();
    this.#idle = this.#options.clock.after(sipLimits.connectionIdleMs, () => {
      if (this.isHeld) return this.#touch();
      this.#socket.end();
      this.#closed();
    });
  }

  /** Lets what was written go out, then ends. */
  #finish(what: string, why: string): void {
    if (!this.#isOpen) return;
    this.#options.events.onTrouble(what, { source: this.remote.address, why });
    this.#socket.end(() => this.#socket.destroy());
    this.#closed();
  }

  #end(what: string, why: string): void {
    if (!this.#isOpen) return;
    this.#options.events.onTrouble(what, { source: this.remote.address, why });
    this.destroy();
  }

  #closed(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#idle?.cancel();
    this.#incomplete?.cancel();
    this.#options.onClosed();
  }
}
