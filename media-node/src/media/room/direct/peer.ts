/** A WebRTC connection as we want it: we negotiate, and media may come later than data. */
import { PeerConnection } from 'node-datachannel';
import type { Clock, Timer } from '../../../clock.ts';
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

export interface PeerStateEvents {
  /** The other side answers: ICE has found a way, only the keys of DTLS are still to be made. Once, before `onUp`. */
  onReached(): void;
  /** Packets can go both ways. Once. */
  onUp(): void;
  /** It failed, or the other side closed it. */
  onDown(): void;
}

/** From one look at a connection that is being made to the next, ms: a caller waits for half of it. */
const lookMs = 1;

/** How far a connection is, as its native code says when it is asked. */
export interface PeerProgress {
  /** Of ICE. */
  iceState(): string;
  /** The keys of DTLS are made: packets of its tracks can pass. */
  isOpen(): boolean;
}

/** Whether packets can pass, as the states of a connection tell it. */
export class PeerState {
  readonly #events: PeerStateEvents;
  #isReached = false;
  #isUp = false;
  #isClosing = false;
  /** It failed, or the other side closed it. */
  #isDown = false;
  #timer: Timer | null = null;

  /** @param events none after `close` */
  constructor(events: PeerStateEvents) {
    this.#events = events;
  }

  get isReached(): boolean {
    return this.#isReached;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /**
   * Looks at a connection until packets pass, or it is over. It is asked, and not listened to: the native code tells a listener from a thread of its own while `close` frees that listener in ours, and a
   * process whose two threads meet there dies with every call in it. And what it tells by itself (`connected`) waits for the data channels: the packets of a voice came up to 10 ms before it.
   */
  watch(progress: PeerProgress, clock: Clock): void {
    if (this.#isUp || this.#isClosing || this.#isDown) return;
    const state = progress.iceState();
    if (state === 'connected' || state === 'completed') this.#reach();
    if (this.#isClosing) return;
    if (progress.isOpen()) this.rise();
    else this.#timer = clock.after(lookMs, () => this.watch(progress, clock));
  }

  /** Packets pass. */
  rise(): void {
    if (this.#isUp || this.#isClosing || this.#isDown) return;
    this.#reach();
    this.#timer?.cancel();
    this.#isUp = true;
    this.#events.onUp();
  }

  /** Takes a state of the connection. */
  become(state: string): void {
    if (this.#isClosing) return;
    if (state === 'connected') this.rise();
    else if (state === 'failed' || state === 'closed') {
      this.#isReached = false;
      this.#isUp = false;
      this.#isDown = true;
      this.#timer?.cancel();
      this.#events.onDown();
    }
  }

  /** We close it. @returns false: we did before */
  close(): boolean {
    if (this.#isClosing) return false;
    this.#isClosing = true;
    this.#timer?.cancel();
    this.#isReached = false;
    this.#isUp = false;
    return true;
  }

  #reach(): void {
    if (this.#isClosing || this.#isReached) return;
    this.#isReached = true;
    this.#events.onReached();
  }
}
