/** All listeners, with everything that is sent noted in the ladders. What comes in is noted where it has been read. */
import type {
  Flow,
  HostPort,
  Peer,
  TransportEvents,
  TransportName,
} from '../transport/transport.ts';
import type { TransportSet } from '../transport/transport-set.ts';
import type { Ladders } from './ladders.ts';

/** What the endpoint needs of all its transports together. */
type Transports = Pick<TransportSet, 'open' | 'flowTo' | 'close'>;

export class TappedTransports implements Transports {
  readonly #inner: Transports;
  readonly #ladders: Ladders;

  constructor(inner: Transports, ladders: Ladders) {
    this.#inner = inner;
    this.#ladders = ladders;
  }

  open(events: TransportEvents): Promise<HostPort> {
    return this.#inner.open({
      onMessage: ({ bytes, flow }) =>
        events.onMessage({ bytes, flow: new TappedFlow(flow, this.#ladders) }),
      onTrouble: (what, fields) => events.onTrouble(what, fields),
    });
  }

  flowTo(peer: Peer, name: TransportName, near: Pick<Flow, 'local'>): Flow | null {
    const flow = this.#inner.flowTo(peer, name, near);
    return flow === null ? null : new TappedFlow(flow, this.#ladders);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

class TappedFlow implements Flow {
  readonly transport: TransportName;
  readonly isReliable: boolean;
  readonly #inner: Flow;
  readonly #ladders: Ladders;

  constructor(inner: Flow, ladders: Ladders) {
    this.transport = inner.transport;
    this.isReliable = inner.isReliable;
    this.#inner = inner;
    this.#ladders = ladders;
  }

  get isOpen(): boolean {
    return this.#inner.isOpen;
  }

  get local(): HostPort {
    return this.#inner.local;
  }

  get remote(): HostPort {
    return this.#inner.remote;
  }

  send(bytes: Buffer, to: HostPort, onFailed: (why: string) => void): void {
    this.#ladders.note('out', callIdOf(bytes), bytes, this);
    this.#inner.send(bytes, to, onFailed);
  }

  hold(): () => void {
    return this.#inner.hold();
  }
}

const lineStart = '\r\nCall-ID: ';

/** Call-ID of a message that we wrote (write-message.ts): its name is always spelled like this. */
function callIdOf(bytes: Buffer): string {
  const at = bytes.indexOf(lineStart, 0, 'latin1');
  if (at < 0) return '';
  const from = at + lineStart.length;
  return bytes.toString('latin1', from, bytes.indexOf('\r\n', from, 'latin1'));
}
