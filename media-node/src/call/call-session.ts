/**
 * The media session of one call, from its opening to its close. A phone that was let in before and answers a challenge is most likely let in again, so its session is opened while the edge
 * still decides; one that comes to nothing is closed again. Until the call takes it nothing of it is heard.
 */
import type { MediaEvent, MediaPool, MediaSession, MediaStats } from '../media/media-session.ts';
import type { Log } from '../ops/log.ts';

export class CallSession {
  readonly #callId: string;
  readonly #pool: Pick<MediaPool, 'open'>;
  readonly #log: Log;
  readonly #onEvent: (event: MediaEvent) => void;
  #opening: Promise<MediaSession> | null = null;
  #current: MediaSession | null = null;
  #isTaken = false;
  /** It ended before the call took it: its process died. */
  #isLost = false;
  #isOver = false;

  constructor(
    callId: string,
    pool: Pick<MediaPool, 'open'>,
    log: Log,
    onEvent: (event: MediaEvent) => void,
  ) {
    this.#callId = callId;
    this.#pool = pool;
    this.#log = log;
    this.#onEvent = onEvent;
  }

  /** The session that the call has taken; null before, and after `close`. */
  get current(): MediaSession | null {
    return this.#current;
  }

  /** Opens it ahead of its need. What fails is tried again by `take`. */
  openEarly(): void {
    this.#opening = this.#open();
    this.#opening.catch(() => {});
  }

  /**
   * The session, from now on `current`. Call once.
   * @returns null: the call was closed meanwhile
   * @throws PartError when none can be opened
   */
  async take(): Promise<MediaSession | null> {
    const early = (await this.#opening?.catch(() => null)) ?? null;
    const session = early === null || this.#isLost ? await this.#openAnew() : early;
    this.#isTaken = true;
    if (this.#isOver) {
      await session.close();
      return null;
    }
    this.#current = session;
    return session;
  }

  /** Closes what is open, taken or not. Never rejects. @returns null: no media was agreed */
  async close(): Promise<MediaStats | null> {
    this.#isOver = true;
    const taken = this.#current;
    this.#current = null;
    try {
      if (taken !== null) return await taken.close();
      if (this.#opening !== null) await (await this.#opening).close();
    } catch (error) {
      if (taken !== null) this.#log('error', 'media-close-failed', { why: error });
    }
    return null;
  }

  #openAnew(): Promise<MediaSession> {
    this.#isTaken = true;
    this.#opening = this.#open();
    return this.#opening;
  }

  #open(): Promise<MediaSession> {
    return this.#pool.open(this.#callId, (event) => {
      if (this.#isTaken) this.#onEvent(event);
      else if (event.kind === 'room-ended') this.#isLost = true;
    });
  }
}
