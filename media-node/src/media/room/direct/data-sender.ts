/**
 * Messages to the reliable data channel. What comes before that is open waits here, and the order is kept: a digit must not overtake another. The native
 * channel may be open a moment before it tells us so, and a message sent in that moment goes behind those that wait.
 */
import type { DataChannel } from 'node-datachannel';

/** Digits pressed in the first moments of a connection, and answers to requests: more than come in them. */
const unsentMax = 64;

export class DataSender {
  readonly #channel: Pick<DataChannel, 'isOpen' | 'sendMessageBinary'>;
  readonly #unsent: Uint8Array[] = [];

  constructor(channel: Pick<DataChannel, 'isOpen' | 'sendMessageBinary' | 'onOpen'>) {
    this.#channel = channel;
    channel.onOpen(() => this.#flush());
  }

  /** Sends it once the channel is open; it is lost when too many wait, or when the channel has closed. */
  send(message: Uint8Array): void {
    if (this.#unsent.length >= unsentMax) return;
    this.#unsent.push(message);
    this.#flush();
  }

  #flush(): void {
    if (!this.#channel.isOpen()) return;
    for (const message of this.#unsent.splice(0)) {
      try {
        this.#channel.sendMessageBinary(message);
      } catch {
        // The native side closed first; its state change is on the way.
      }
    }
  }
}
