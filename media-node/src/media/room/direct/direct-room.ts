/**
 * A room participant without an SDK: the room port over one stay after another. A stay that fails (the signalling or the media connection breaks, the
 * server restarts) is followed by a full rejoin with the newest token; our user hears of it only by tracks that end and come again. To be
 * sent away, and not to get in at all, ends the room.
 */
import { mediaLimits, roomLimits } from '@callgate/shared/limits.ts';
import type { Timer } from '../../../clock.ts';
import { areDescriptorsLeft } from '../../../descriptors.ts';
import type { RoomAnswer, RoomEnd, RoomRequest } from '../../media-session.ts';
import type {
  EncodedFrame,
  JoinOptions,
  Room,
  RoomCodec,
  RoomEvents,
  RoomParts,
  TrackCodec,
} from '../room.ts';
import { KnownServers } from './known-servers.ts';
import { RoomStay, type StayEnd } from './room-stay.ts';
import type { Spares } from './spares.ts';

/** Shared by the rooms of a process unless told otherwise. */
const knownServers = new KnownServers();

export class DirectRoom implements Room {
  readonly sendCodecs: readonly RoomCodec[];
  readonly #events: RoomEvents;
  readonly #parts: RoomParts;
  readonly #codec: TrackCodec;
  readonly #servers: KnownServers;
  readonly #spares: Spares | null;
  #stay: RoomStay | null = null;
  #options: JoinOptions | null = null;
  #isJoined = false;
  #isOver = false;
  /** Everything that was set, for the next stay: attributes live as long as the server's participant. */
  #attributes: Record<string, string> = {};
  #startedAtMono = 0;
  /** When the failed stay ended, ms on the monotonic clock; null: nothing has failed. */
  #failedAtMono: number | null = null;
  #rejoins = 0;
  #retry: Timer | null = null;
  /** Stays that are over but not yet freed. */
  readonly #closing = new Set<Promise<void>>();

  /**
   * @param codec of our track, from the first stay to the last
   * @param spares what lies ready for joins; left out: nothing does
   */
  constructor(
    events: RoomEvents,
    parts: RoomParts,
    codec: TrackCodec = 'opus',
    servers = knownServers,
    spares: Spares | null = null,
  ) {
    this.#events = events;
    this.#parts = parts;
    this.sendCodecs = [codec];
    this.#codec = codec;
    this.#servers = servers;
    this.#spares = spares;
  }

  join(options: JoinOptions): void {
    this.#options = options;
    this.#startedAtMono = this.#parts.clock.nowMono();
    this.#begin(options);
  }

  send(frame: EncodedFrame, audioLevelDbov: number): void {
    this.#stay?.send(frame, audioLevelDbov);
  }

  sendDigit(digit: string): void {
    this.#stay?.sendDigit(digit);
  }

  setAttributes(attributes: Readonly<Record<string, string>>): void {
    this.#attributes = { ...this.#attributes, ...attributes };
    this.#stay?.setAttributes(attributes);
  }

  respond(request: Pick<RoomRequest, 'id' | 'caller'>, answer: RoomAnswer): void {
    this.#stay?.respond(request, answer);
  }

  async leave(): Promise<void> {
    this.#isOver = true;
    this.#retry?.cancel();
    await Promise.all([this.#stay?.leave(), ...this.#closing]);
  }

  #begin(options: JoinOptions): void {
    // A connection takes a dozen; refused one of them, its native code would end the process and every call in it.
    if (!areDescriptorsLeft(mediaLimits.descriptorsLeftMin)) return this.#failLater(options.url);
    const known = this.#servers.of(options.url, this.#parts.clock);
    const stay = new RoomStay(
      {
        onJoined: () => this.#onJoined(),
        onSubscribed: () => this.#events.onSubscribed(),
        onTrack: (track) => this.#events.onTrack(track),
        onTrackEnded: (track) => this.#events.onTrackEnded(track),
        onFrame: (track, frame) => this.#events.onFrame(track, frame),
        onAttributes: (attributes) => this.#events.onAttributes(attributes),
        onDigits: (digits) => this.#events.onDigits(digits),
        onRequest: (request) => this.#events.onRequest(request),
        onToken: (token) => {
          if (this.#options !== null) this.#options = { ...this.#options, token };
        },
        onEnded: (end) => this.#onStayEnded(end, options.url),
      },
      this.#parts,
      { ...options, ...known, codec: this.#codec, spares: this.#spares },
    );
    this.#stay = stay;
    stay.setAttributes(this.#attributes);
    stay.join();
  }

  /** As if the server could not be reached; later, as that is. */
  #failLater(url: string): void {
    const { clock, log } = this.#parts;
    log('error', 'no-descriptors', { why: 'no files or sockets are left: raise LimitNOFILE' });
    const end = {
      reason: 'room-unreachable',
      isFailure: true,
      sinceMono: clock.nowMono(),
    } as const;
    this.#retry = clock.after(0, () => {
      if (!this.#isOver) this.#onStayEnded(end, url);
    });
  }

  #onJoined(): void {
    if (this.#failedAtMono !== null) {
      const awayMs = Math.round(this.#parts.clock.nowMono() - this.#failedAtMono);
      this.#parts.log('info', 'room-rejoined', { away_ms: awayMs, attempts: this.#rejoins });
    }
    this.#failedAtMono = null;
    this.#rejoins = 0;
    if (this.#isJoined) return;
    this.#isJoined = true;
    this.#events.onJoined();
  }

  #onStayEnded({ reason, isFailure, sinceMono, advice }: StayEnd, url: string): void {
    if (advice !== undefined) this.#servers.learn(url, advice, this.#parts.clock);
    // A server that let us in and then failed us before the media was up is worth another try: seen under load, one join in a hundred.
    const mayRejoin =
      isFailure && (this.#isJoined || reason === 'room-lost' || advice !== undefined);
    if (!mayRejoin) return this.#end(this.#isJoined && isFailure ? 'room-lost' : reason);
    const now = this.#parts.clock.nowMono();
    this.#failedAtMono ??= sinceMono;
    const leftMs = this.#isJoined
      ? roomLimits.rejoinMs - (now - this.#failedAtMono)
      : (this.#options?.timeoutMs ?? 0) - (now - this.#startedAtMono);
    const region = advice?.kind === 'region' ? advice.url : null;
    if (leftMs > 0) this.#rejoin(Math.min(leftMs, roomLimits.rejoinAttemptMs), region);
    else this.#end(this.#isJoined ? 'room-lost' : 'room-unreachable');
  }

  /** @param region another URL for this attempt; null: the one we were given */
  #rejoin(timeoutMs: number, region: string | null): void {
    const waitMs =
      this.#rejoins === 0
        ? 0
        : Math.min(roomLimits.rejoinPauseMaxMs, 100 * 2 ** Math.min(this.#rejoins, 8));
    this.#rejoins++;
    const closing: Promise<void> = (this.#stay?.leave() ?? Promise.resolve()).finally(() =>
      this.#closing.delete(closing),
    );
    this.#closing.add(closing);
    this.#retry = this.#parts.clock.after(waitMs, () => {
      const options = this.#options;
      if (options === null || this.#isOver) return;
      this.#begin({ ...options, timeoutMs, ...(region === null ? {} : { url: region }) });
    });
  }

  #end(reason: RoomEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.onEnded(reason);
  }
}
