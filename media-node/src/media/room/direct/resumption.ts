/** Takes a broken signalling up again for the participant that we still are: a few attempts in a short time, while the audio goes on. */
import { roomLimits } from '@callgate/shared/limits.ts';
import type { SignalResponse } from '@livekit/protocol';
import type { Clock, Timer } from '../../../clock.ts';
import type { SignalClient } from './signal-client.ts';

export interface ResumptionParts {
  /** A new signalling that is being opened; what it says comes to us as long as `isOurs`. */
  open(url: URL, token: string): SignalClient;
  /** The server has taken us up again; `first` is the first thing it said. */
  onResumed(signal: SignalClient, first: SignalResponse['message']): void;
  /** It was not possible, or not in time. */
  onFailed(why: string): void;
}

const pauseFirstMs = 100;

export class Resumption {
  readonly #clock: Clock;
  readonly #parts: ResumptionParts;
  #signal: SignalClient | null = null;
  #pause: Timer | null = null;
  #deadline: Timer | null = null;
  #attempts = 0;
  #attempt: () => void = () => {};
  #lostAtMono: number | null = null;

  constructor(clock: Clock, parts: ResumptionParts) {
    this.#clock = clock;
    this.#parts = parts;
  }

  get isRunning(): boolean {
    return this.#deadline !== null;
  }

  /** When the signalling was lost, ms on the monotonic clock; null: it is there. */
  get lostAtMono(): number | null {
    return this.#lostAtMono;
  }

  /** How long it was away. */
  get awayMs(): number {
    return Math.round(this.#clock.nowMono() - (this.#lostAtMono ?? this.#clock.nowMono()));
  }

  /** @param url asks the server to take us up again. @param token the newest, asked for with each attempt */
  start(url: URL, token: () => string): void {
    this.#lostAtMono = this.#clock.nowMono();
    this.#attempts = 0;
    this.#deadline = this.#clock.after(roomLimits.resumeMs, () =>
      this.#fail(`not resumed after ${roomLimits.resumeMs} ms`),
    );
    this.#attempt = () => {
      this.#signal = this.#parts.open(url, token());
      // A server may take the connection and say nothing.
      this.#pause = this.#clock.after(roomLimits.resumeAttemptMs, () => {
        this.#signal?.close();
        this.onLost();
      });
    };
    this.#attempt();
  }

  stop(): void {
    this.#pause?.cancel();
    this.#deadline?.cancel();
    this.#deadline = null;
    this.#signal?.close();
    this.#signal = null;
  }

  isOurs(signal: SignalClient): boolean {
    return signal === this.#signal;
  }

  onRefused(status: number): void {
    if (status >= 400 && status < 500) this.#fail(`HTTP status ${status}`);
    else this.onLost();
  }

  /** This attempt came to nothing. */
  onLost(): void {
    this.#signal = null;
    this.#pause?.cancel();
    const waitMs = Math.min(roomLimits.rejoinPauseMaxMs, pauseFirstMs * 2 ** this.#attempts);
    this.#attempts++;
    this.#pause = this.#clock.after(waitMs, () => this.#attempt());
  }

  onMessage(message: SignalResponse['message']): void {
    const signal = this.#signal;
    if (signal === null) return;
    // It does not know us any more.
    if (message.case === 'leave') return this.#fail('the server wants a new join');
    this.#signal = null;
    this.stop();
    this.#parts.onResumed(signal, message);
    this.#lostAtMono = null;
  }

  #fail(why: string): void {
    this.stop();
    this.#parts.onFailed(why);
  }
}
