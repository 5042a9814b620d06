/** A session in a media process, as the call sees it: each method is a message. When the process dies the session has ended. */
import { callLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import type {
  MediaEvent,
  MediaSession,
  MediaStats,
  PhoneStream,
  RoomAnswer,
  RoomRequest,
  SoundName,
  SoundOptions,
} from '../media-session.ts';
import type { ToProcess } from './messages.ts';

export interface RemoteSessionParts {
  readonly session: number;
  readonly local: { readonly address: string; readonly port: number };
  readonly send: (message: ToProcess) => void;
  readonly onEvent: (event: MediaEvent) => void;
  readonly clock: Clock;
}

export class RemoteMediaSession implements MediaSession {
  readonly local: { readonly address: string; readonly port: number };
  readonly #parts: RemoteSessionParts;
  #isOver = false;
  #isLost = false;
  #closing: Promise<MediaStats | null> | null = null;
  #onClosed: ((stats: MediaStats | null) => void) | null = null;

  constructor(parts: RemoteSessionParts) {
    this.#parts = parts;
    this.local = parts.local;
  }

  setStream(stream: PhoneStream): void {
    this.#send({ do: 'set-stream', session: this.#parts.session, stream });
  }

  join(room: { readonly url: string; readonly token: string; readonly timeoutMs: number }): void {
    this.#send({ do: 'join', session: this.#parts.session, room });
  }

  preview(): void {
    this.#send({ do: 'preview', session: this.#parts.session });
  }

  connect(timeouts: { readonly firstMediaMs: number; readonly silenceMs: number }): void {
    this.#send({ do: 'connect', session: this.#parts.session, timeouts });
  }

  play(sound: SoundName, options: SoundOptions = {}): void {
    this.#send({ do: 'play', session: this.#parts.session, sound, options });
  }

  stopSound(): void {
    this.#send({ do: 'stop-sound', session: this.#parts.session });
  }

  receiveDigit(digit: string): void {
    this.#send({ do: 'receive-digit', session: this.#parts.session, digit });
  }

  setAttributes(attributes: Readonly<Record<string, string>>): void {
    this.#send({ do: 'set-attributes', session: this.#parts.session, attributes });
  }

  respond({ id, caller }: Pick<RoomRequest, 'id' | 'caller'>, answer: RoomAnswer): void {
    this.#send({ do: 'respond', session: this.#parts.session, request: { id, caller }, answer });
  }

  close(): Promise<MediaStats | null> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** An event of the process. */
  event(event: MediaEvent): void {
    if (this.#isOver || this.#closing !== null) return;
    if (event.kind === 'room-ended') this.#isOver = true;
    this.#parts.onEvent(event);
  }

  /** The process has closed it. */
  closed(stats: MediaStats | null): void {
    this.#onClosed?.(stats);
  }

  /** The process is gone, and everything of the session with it. */
  lost(): void {
    this.#isLost = true;
    this.event({ kind: 'room-ended', reason: 'media-lost' });
    this.#onClosed?.(null);
  }

  #close(): Promise<MediaStats | null> {
    if (this.#isLost) return Promise.resolve(null);
    return new Promise((resolve) => {
      const timer = this.#parts.clock.after(callLimits.closeMs * 2, () => this.#onClosed?.(null));
      this.#onClosed = (stats) => {
        this.#onClosed = null;
        timer.cancel();
        resolve(stats);
      };
      this.#parts.send({ do: 'close', session: this.#parts.session });
    });
  }

  #send(message: ToProcess): void {
    if (this.#closing === null) this.#parts.send(message);
  }
}
