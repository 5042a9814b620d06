/** A firewall before a UDP port: it lets through who comes from a port that it knows, both ways, and drops the rest. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const host = '127.0.0.1';

export class UdpGate {
  /** Where what passes goes, a port on the loopback address; 0: nothing passes. */
  target = 0;
  /** False: nobody passes. */
  isOpen = true;
  /** Source ports that may pass; null: all of them. */
  allowed: Set<number> | null = new Set<number>();
  passed = 0;
  dropped = 0;
  readonly #front = createSocket('udp4');
  /** What the target sees each source as. */
  readonly #behind = new Map<number, Socket>();

  static async listen(): Promise<UdpGate> {
    const gate = new UdpGate();
    gate.#front.on('message', (bytes, { port }) => gate.#onMessage(bytes, port));
    gate.#front.bind(0, host);
    await once(gate.#front, 'listening');
    return gate;
  }

  get port(): number {
    return this.#front.address().port;
  }

  /** From now on the target sees each source as another one: a NAT has forgotten them. */
  rebind(): void {
    for (const socket of this.#behind.values()) socket.close();
    this.#behind.clear();
  }

  close(): void {
    for (const socket of this.#behind.values()) socket.close();
    this.#behind.clear();
    this.#front.close();
  }

  #onMessage(bytes: Buffer, from: number): void {
    if (!this.isOpen || this.target === 0 || this.allowed?.has(from) === false) {
      this.dropped++;
      return;
    }
    this.passed++;
    let behind = this.#behind.get(from);
    if (behind === undefined) {
      behind = createSocket('udp4');
      behind.on('message', (answer) => this.#front.send(answer, from, host));
      this.#behind.set(from, behind);
    }
    behind.send(bytes, this.target, host);
  }
}
