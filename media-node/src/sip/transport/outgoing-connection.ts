/** A connection that is being made: what is sent meanwhile waits, bounded in time by the handshake and in number by its transactions. */
import type { Connection } from './connection.ts';
import type { Flow, HostPort, TransportName } from './transport.ts';

interface Waiting {
  readonly bytes: Buffer;
  readonly onFailed: (why: string) => void;
}

export class OutgoingConnection implements Flow {
  readonly transport: TransportName;
  readonly isReliable = true;
  readonly local: HostPort;
  readonly remote: HostPort;
  readonly #waiting: Waiting[] = [];
  #connection: Connection | null = null;
  #failure: string | null = null;

  /** @param connect settles when the handshake is done, within its limit */
  constructor(
    transport: TransportName,
    local: HostPort,
    remote: HostPort,
    connect: () => Promise<Connection>,
  ) {
    this.transport = transport;
    this.local = local;
    this.remote = remote;
    connect().then(
      (connection) => {
        this.#connection = connection;
        for (const { bytes, onFailed } of this.#waiting.splice(0)) {
          connection.send(bytes, remote, onFailed);
        }
      },
      (error: unknown) => {
        this.#failure = error instanceof Error ? error.message : 'the connection failed';
        for (const { onFailed } of this.#waiting.splice(0)) onFailed(this.#failure);
      },
    );
  }

  /** Whoever we have connected to can be connected to again. */
  hold(): () => void {
    return () => {};
  }

  get isOpen(): boolean {
    return this.#failure === null && (this.#connection?.isOpen ?? true);
  }

  send(bytes: Buffer, to: HostPort, onFailed: (why: string) => void): void {
    const failure = this.#failure;
    if (this.#connection !== null) this.#connection.send(bytes, to, onFailed);
    else if (failure !== null) queueMicrotask(() => onFailed(failure));
    else this.#waiting.push({ bytes, onFailed });
  }
}
