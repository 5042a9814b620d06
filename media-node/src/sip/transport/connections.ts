/** All connections of one listener, found by their peer; bounded in all and for each source, incoming ones only. */
import type { Socket } from 'node:net';
import { sipLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { Connection } from './connection.ts';
import type { HostPort, TransportEvents, TransportName } from './transport.ts';

export interface ConnectionsOptions {
  readonly transport: TransportName;
  readonly clock: Clock;
  readonly events: TransportEvents;
  readonly local: () => HostPort;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #open = new Map<string, Connection>();
  readonly #bySource = new Map<string, number>();
  /** Those that came in and have sent no message yet, the oldest first. */
  readonly #mute = new Set<Connection>();
  /** Those that have, the one longest silent first. */
  readonly #spoken = new Set<Connection>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Takes in a socket that came from a peer; null when this source has too many. When all are too many, the oldest one on which no message
   * has come yet makes room, as whoever connects to call says so at once; else the one longest silent on which no dialog lives.
   */
  admit(socket: Socket, remote: HostPort): Connection | null {
    if ((this.#bySource.get(remote.address) ?? 0) >= sipLimits.connectionsPerSourceMax) return null;
    if (this.#open.size >= sipLimits.connectionsMax) {
      const oldest = this.#leastWanted();
      if (oldest === undefined) return null;
      oldest.destroy();
    }
    const connection = this.add(socket, remote);
    this.#mute.add(connection);
    return connection;
  }

  find(peer: HostPort): Connection | null {
    return this.#open.get(keyOf(peer)) ?? null;
  }

  /** Takes in a socket that we have connected. */
  add(socket: Socket, remote: HostPort): Connection {
    const { transport, clock, events, local } = this.#options;
    const key = keyOf(remote);
    const connection: Connection = new Connection({
      transport,
      socket,
      clock,
      events: {
        ...events,
        onMessage: (arrival) => {
          this.#mute.delete(connection);
          this.#spoken.delete(connection);
          if (connection.isOpen) this.#spoken.add(connection);
          events.onMessage(arrival);
        },
      },
      local: local(),
      remote,
      onClosed: () => {
        if (this.#open.get(key) === connection) this.#open.delete(key);
        this.#mute.delete(connection);
        this.#spoken.delete(connection);
        this.#count(remote.address, -1);
      },
    });
    this.#open.set(key, connection);
    this.#count(remote.address, 1);
    return connection;
  }

  #leastWanted(): Connection | undefined {
    const [mute] = this.#mute;
    if (mute !== undefined) return mute;
    for (const connection of this.#spoken) if (!connection.isHeld) return connection;
    return undefined;
  }

  close(): void {
    for (const connection of [...this.#open.values()]) connection.destroy();
  }

  #count(source: string, change: number): void {
    const count = (this.#bySource.get(source) ?? 0) + change;
    if (count > 0) this.#bySource.set(source, count);
    else this.#bySource.delete(source);
  }
}

function keyOf({ address, port }: HostPort): string {
  return `${address} ${port}`;
}
