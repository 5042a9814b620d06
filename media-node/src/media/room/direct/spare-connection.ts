/**
 * A connection made ahead of its join: keys made, candidates gathered, the first offer written, so that no caller waits for it. There is one at a time. The next is made
 * when the join that took it is over, and an unused one is made anew after a while, because addresses of a machine change.
 */
import { mediaLimits, roomLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../../clock.ts';
import { areDescriptorsLeft } from '../../../descriptors.ts';
import type { TrackCodec } from '../room.ts';
import { type ConnectionOptions, RoomConnection } from './room-connection.ts';

/** From the taking of one to the making of the next, ms: not while a join needs the processor. */
const refillMs = 250;
/** An unused one lies no longer than this, ms. */
const keptMs = 120_000;

export class SpareConnection {
  readonly #clock: Clock;
  readonly #bindAddress: string | null;
  /** As the last join wanted it: most nodes have one kind of callers. */
  #codec: TrackCodec = 'opus';
  #made: { readonly connection: RoomConnection; readonly codec: TrackCodec } | null = null;
  #timer: Timer | null = null;
  #closing: Promise<void> = Promise.resolve();
  #isOver = false;

  /** Makes the first. @param bindAddress as in PeerOptions */
  constructor(clock: Clock, bindAddress: string | null) {
    this.#clock = clock;
    this.#bindAddress = bindAddress;
    this.#make();
  }

  /** The one that is ready, for good. @returns null: there is none, or it is not what is wanted */
  take(wanted: ConnectionOptions): RoomConnection | null {
    const made = this.#made;
    const isFit =
      made?.connection.isReady === true &&
      wanted.codec === made.codec &&
      wanted.relay === null &&
      wanted.bindAddress === this.#bindAddress &&
      wanted.receivers === roomLimits.receivedTracksFirst;
    this.#codec = wanted.codec;
    this.#makeAfter(refillMs);
    if (!isFit) return null;
    this.#made = null;
    return made.connection;
  }

  /** Frees what lies ready. Resolves within callLimits.closeMs. */
  close(): Promise<void> {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#drop();
    return this.#closing;
  }

  #make(): void {
    // Refused a descriptor half-way, its native code would end the process, for a connection that nobody waits for.
    if (!areDescriptorsLeft(mediaLimits.descriptorsLeftMin)) return this.#makeAfter(keptMs);
    this.#drop();
    this.#makeAfter(keptMs);
    const codec = this.#codec;
    const connection = new RoomConnection(this.#clock, {
      codec,
      bindAddress: this.#bindAddress,
      relay: null,
      receivers: roomLimits.receivedTracksFirst,
    });
    this.#made = { connection, codec };
  }

  #makeAfter(ms: number): void {
    this.#timer?.cancel();
    if (this.#isOver) return;
    this.#timer = this.#clock.after(ms, () => this.#make());
  }

  #drop(): void {
    const unused = this.#made?.connection.close();
    this.#made = null;
    if (unused !== undefined) this.#closing = Promise.all([this.#closing, unused]).then(() => {});
  }
}
