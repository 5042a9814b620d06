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

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  /** True when one more from this source is too many. */
  isFull(source: string): boolean {
    return (
      this.#open.size >= sipLimits.connectionsMax ||
      (this.#bySource.get(source) ?? 0) >= sipLimits.connectionsPerSourceMax
    );
  }

  find(peer: HostPort): Connection | null {
    return this.#open.get(keyOf(peer)) ?? null;
  }

  /** Takes a connected socket in. */
  add(socket: Socket, remote: HostPort): Connection {
    const { transport, clock, events, local } = this.#options;
    const key = keyOf(remote);
    const connection = new Connection({
      transport,
      socket,
      clock,
      events,
      local: local(),
      remote,
      onClosed: () => {
        if (this.#open.get(key) === connection) this.#open.delete(key);
        this.#count(remote.address, -1);
      },
    });
    this.#open.set(key, connection);
    this.#count(remote.address, 1);
    return connection;
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
