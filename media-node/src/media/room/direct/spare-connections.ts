/**
 * Connections made ahead of their joins: keys made, candidates gathered, the first offer written, so that no caller waits for it. What is taken is made again a moment later, one after the
 * other, however many joins follow each other; unused ones are made anew after a while, because addresses of a machine change.
 */
import { mediaLimits, roomLimits } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../../clock.ts';
import { areDescriptorsLeft } from '../../../descriptors.ts';
import type { TrackCodec } from '../room.ts';
import { type ConnectionOptions, RoomConnection } from './room-connection.ts';

/** From the taking of one to the making of the next, and between two that are made, ms: not while a join needs the processor. */
const refillMs = 75;
/** An unused one lies no longer than this, ms. */
const keptMs = 120_000;

interface Made {
  readonly connection: RoomConnection;
  readonly codec: TrackCodec;
  readonly madeAtMono: number;
}

export class SpareConnections {
  readonly #clock: Clock;
  readonly #bindAddress: string | null;
  /** As the last join wanted it: most nodes have one kind of callers. */
  #codec: TrackCodec = 'opus';
  /** The oldest first. */
  #made: Made[] = [];
  #timer: Timer | null = null;
  #dueAtMono = 0;
  #closing: Promise<void> = Promise.resolve();
  #isOver = false;

  /** Makes the first at once. @param bindAddress as in PeerOptions */
  constructor(clock: Clock, bindAddress: string | null) {
    this.#clock = clock;
    this.#bindAddress = bindAddress;
    this.#fill();
  }

  /** One that is ready, for good. @returns null: there is none, or none is what is wanted */
  take(wanted: ConnectionOptions): RoomConnection | null {
    this.#codec = wanted.codec;
    this.#fillWithin(refillMs);
    const isOfOurs =
      wanted.relay === null &&
      wanted.bindAddress === this.#bindAddress &&
      wanted.receivers === roomLimits.receivedTracksFirst;
    const fit = this.#made.find(
      ({ connection, codec }) => isOfOurs && connection.isReady && codec === wanted.codec,
    );
    if (fit === undefined) return null;
    this.#made = this.#made.filter((one) => one !== fit);
    return fit.connection;
  }

  /** Frees what lies ready. Resolves within callLimits.closeMs. */
  close(): Promise<void> {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#dropUnless(() => false);
    return this.#closing;
  }

  #fill(): void {
    this.#timer = null;
    // Refused a descriptor half-way, its native code would end the process, for a connection that nobody waits for.
    if (!areDescriptorsLeft(mediaLimits.descriptorsLeftMin)) return this.#fillWithin(keptMs);
    const now = this.#clock.nowMono();
    const codec = this.#codec;
    this.#dropUnless((one) => one.codec === codec && now - one.madeAtMono < keptMs);
    if (this.#made.length < roomLimits.connectionsAhead) {
      const connection = new RoomConnection(this.#clock, {
        codec,
        bindAddress: this.#bindAddress,
        relay: null,
        receivers: roomLimits.receivedTracksFirst,
      });
      this.#made.push({ connection, codec, madeAtMono: now });
    }
    const isFull = this.#made.length >= roomLimits.connectionsAhead;
    const oldestAtMono = this.#made[0]?.madeAtMono ?? now;
    this.#fillWithin(isFull ? oldestAtMono + keptMs - now : refillMs);
  }

  /** What is due sooner stays due: joins that follow each other closely must not put it off for ever. */
  #fillWithin(ms: number): void {
    if (this.#isOver) return;
    const dueAtMono = this.#clock.nowMono() + ms;
    if (this.#timer !== null && this.#dueAtMono <= dueAtMono) return;
    this.#timer?.cancel();
    this.#dueAtMono = dueAtMono;
    this.#timer = this.#clock.after(ms, () => this.#fill());
  }

  #dropUnless(isKept: (one: Made) => boolean): void {
    const dropped = this.#made.filter((one) => !isKept(one));
    if (dropped.length === 0) return;
    this.#made = this.#made.filter(isKept);
    const gone = dropped.map(({ connection }) => connection.close());
    this.#closing = Promise.all([this.#closing, ...gone]).then(() => {});
  }
}
