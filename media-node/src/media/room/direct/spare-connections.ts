/**
 * WebRTC connections made ahead of their joins: keys made, candidates gathered, the first offer written, so that no caller waits for it. Unused ones are made anew after a while, because addresses
 * of a machine change.
 */
import { mediaLimits, roomLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../../clock.ts';
import { areDescriptorsLeft } from '../../../descriptors.ts';
import type { TrackCodec } from '../room.ts';
import { type ConnectionOptions, RoomConnection } from './room-connection.ts';
import { Stock } from './stock.ts';

interface Spare {
  readonly connection: RoomConnection;
  readonly codec: TrackCodec;
}

export class SpareConnections {
  readonly #bindAddress: string | null;
  readonly #stock: Stock<Spare>;
  /** As the last join wanted it: most nodes have one kind of callers. */
  #codec: TrackCodec = 'opus';
  #closing: Promise<void> = Promise.resolve();

  /** Makes the first at once. @param bindAddress as in PeerOptions */
  constructor(clock: Clock, bindAddress: string | null) {
    this.#bindAddress = bindAddress;
    this.#stock = new Stock(clock, {
      countMax: roomLimits.connectionsAhead,
      refillMs: roomLimits.refillMs,
      keptMs: 120_000,
      make: () => this.#make(clock),
      isOfUse: ({ codec }) => codec === this.#codec,
      drop: ({ connection }) => {
        this.#closing = Promise.all([this.#closing, connection.close()]).then(() => {});
      },
    });
    this.#stock.fill();
  }

  /** One that is ready, for good. @returns null: there is none, or none is what is wanted */
  take(wanted: ConnectionOptions): RoomConnection | null {
    this.#codec = wanted.codec;
    const isOfOurs =
      wanted.relay === null &&
      wanted.bindAddress === this.#bindAddress &&
      wanted.receivers === roomLimits.receivedTracksFirst;
    const spare = this.#stock.take(
      ({ connection, codec }) => isOfOurs && connection.isReady && codec === wanted.codec,
    );
    return spare?.connection ?? null;
  }

  /** Frees what lies ready. Resolves within callLimits.closeMs. */
  close(): Promise<void> {
    this.#stock.close();
    return this.#closing;
  }

  #make(clock: Clock): Spare | null {
    // Refused a descriptor half-way, its native code would end the process, for a connection that nobody waits for.
    if (!areDescriptorsLeft(mediaLimits.descriptorsLeftMin)) return null;
    const codec = this.#codec;
    const connection = new RoomConnection(clock, {
      codec,
      bindAddress: this.#bindAddress,
      relay: null,
      receivers: roomLimits.receivedTracksFirst,
    });
    return { connection, codec };
  }
}
