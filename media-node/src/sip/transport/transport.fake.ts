/** A transport without sockets: tests deliver what a peer sends and read what was sent to it, each with its instant. */
import type { Clock } from '../../clock.ts';
import type { Flow, HostPort, Transport, TransportEvents } from './transport.ts';

export interface SentMessage {
  /** Monotonic ms. */
  readonly atMono: number;
  readonly to: HostPort;
  readonly text: string;
}

export const fakeLocal: HostPort = { address: '192.0.2.1', port: 5060 };

export class FakeTransport implements Transport {
  readonly bound = fakeLocal;
  readonly name: 'udp' | 'tcp';
  readonly sent: SentMessage[] = [];
  readonly isReliable: boolean;
  /** When set, everything fails to be sent for this reason. */
  failure: string | null = null;
  /** Dialogs that hold a flow. */
  held = 0;
  readonly #clock: Clock;
  #events: TransportEvents | null = null;
  #onSent: ((message: SentMessage) => void) | null = null;

  constructor(clock: Clock, isReliable = false) {
    this.#clock = clock;
    this.isReliable = isReliable;
    this.name = isReliable ? 'tcp' : 'udp';
  }

  async open(events: TransportEvents): Promise<HostPort> {
    this.#events = events;
    return fakeLocal;
  }

  /** A message comes in. */
  deliver(message: string | Buffer, from: HostPort): void {
    const bytes = typeof message === 'string' ? Buffer.from(message, 'latin1') : message;
    this.#events?.onMessage({ bytes, flow: this.flowTo(from) });
  }

  /** Calls back for each message sent, as a peer would hear it. */
  hear(onSent: (message: SentMessage) => void): void {
    this.#onSent = onSent;
  }

  flowTo(peer: HostPort): Flow {
    return {
      transport: this.name,
      isReliable: this.isReliable,
      isOpen: true,
      local: fakeLocal,
      remote: peer,
      hold: () => {
        this.held += 1;
        return () => {
          this.held -= 1;
        };
      },
      send: (bytes, to, onFailed) => {
        const { failure } = this;
        if (failure !== null) return void this.#clock.after(0, () => onFailed(failure));
        const message = { atMono: this.#clock.nowMono(), to, text: bytes.toString('latin1') };
        this.sent.push(message);
        this.#onSent?.(message);
      },
    };
  }

  async close(): Promise<void> {
    this.#events = null;
  }
}
