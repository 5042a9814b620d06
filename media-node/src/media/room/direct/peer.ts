/** A WebRTC connection as we want it: we negotiate, and media may come later than data. */
import { PeerConnection } from 'node-datachannel';
import type { TurnServer } from './turn-servers.ts';

export interface PeerOptions {
  /** Address literal that packets leave from; null: any of this machine's. */
  readonly bindAddress: string | null;
  /** Relays that every packet goes through, because nothing else arrives; null: straight to the server. */
  readonly relay: readonly TurnServer[] | null;
}

export function createPeer({ bindAddress, relay }: PeerOptions): PeerConnection {
  return new PeerConnection('callgate', {
    iceServers: (relay ?? []).map((server) => ({ ...server, relayType: 'TurnUdp' })),
    iceTransportPolicy: relay === null ? 'all' : 'relay',
    disableAutoNegotiation: true,
    forceMediaTransport: true,
    // With one local address there is one pair to check for each of the server's: each further pair costs 50 ms of pacing.
    ...(bindAddress === null ? {} : { bindAddress }),
  });
}

/** Whether packets can pass, as the states of a connection tell it. */
export class PeerState {
  readonly #events: { onUp(): void; onDown(): void };
  #isUp = false;
  #isClosing = false;

  /** @param events `onUp` once; `onDown` when it fails or the other side closes it, not after `close` */
  constructor(events: { onUp(): void; onDown(): void }) {
    this.#events = events;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Takes a state of the connection. */
  become(state: string): void {
    if (this.#isClosing) return;
    if (state === 'connected' && !this.#isUp) {
      this.#isUp = true;
      this.#events.onUp();
    } else if (state === 'failed' || state === 'closed') {
      this.#isUp = false;
      this.#events.onDown();
    }
  }

  /** We close it. @returns false: we did before */
  close(): boolean {
    if (this.#isClosing) return false;
    this.#isClosing = true;
    this.#isUp = false;
    return true;
  }
}
