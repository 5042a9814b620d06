/** All listeners of an endpoint, opened and closed together, and the one among them that a request goes out by. */
import { isIPv6 } from 'node:net';
import type {
  Flow,
  HostPort,
  Peer,
  Transport,
  TransportEvents,
  TransportName,
} from './transport.ts';

export class TransportSet {
  readonly #transports: readonly Transport[];
  readonly #attempts: number;

  /**
   * @param transports at least one; the first is the one that `open` names
   * @param attempts how often to try: a free UDP port may be taken for TCP
   */
  constructor(transports: readonly Transport[], attempts: number) {
    this.#transports = transports;
    this.#attempts = attempts;
  }

  /** Opens them in their order. @throws when one cannot be had; the others are closed again */
  async open(events: TransportEvents): Promise<HostPort> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        for (const transport of this.#transports) await transport.open(events);
        return this.#transports[0]?.bound ?? { address: '', port: 0 };
      } catch (error) {
        await this.close();
        if (attempt >= this.#attempts) throw error;
      }
    }
  }

  /**
   * A flow to a peer: by the listener it was last heard on when that has the transport, else by one of the transport and the peer's
   * family; null when there is none.
   */
  flowTo(peer: Peer, name: TransportName, near: Pick<Flow, 'local'>): Flow | null {
    const fitting = this.#transports.filter(
      (transport) =>
        transport.name === name && isIPv6(transport.bound.address) === isIPv6(peer.address),
    );
    const same = fitting.find(
      ({ bound }) => bound.address === near.local.address && bound.port === near.local.port,
    );
    return (same ?? fitting[0])?.flowTo(peer) ?? null;
  }

  async close(): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()));
  }
}
