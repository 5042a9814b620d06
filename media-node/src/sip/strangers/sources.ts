/**
 * What is remembered of each source: how much it may still ask, how often it failed, whether a call of it was ever let in. Bounded in
 * number; the source that has been silent longest is forgotten first. Before any state is made for a request, `admit` is asked.
 */
import { strangerLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { TokenBucket } from '../../token-bucket.ts';
import { sourceKey } from './source-key.ts';

/** Why a source hears nothing. */
export type SilenceRule = 'too-many-requests' | 'too-many-strangers' | 'too-many-failures';

interface Source {
  readonly bucket: TokenBucket;
  /** What it has instead once it failed too often; null: it has not. */
  slowBucket: TokenBucket | null;
  /** Monotonic ms until which it is known; 0 when it never was. */
  knownUntil: number;
  /** Instants of wrong credentials, monotonic ms, the oldest first. */
  failures: number[];
  silentUntil: number;
}

export class Sources {
  readonly #clock: Clock;
  readonly #all: TokenBucket;
  /** In the order in which they were last heard. */
  readonly #sources = new Map<string, Source>();

  constructor(clock: Clock) {
    this.#clock = clock;
    const { burstAll, perSecondAll } = strangerLimits;
    this.#all = new TokenBucket(burstAll, perSecondAll, clock.nowMono());
  }

  get size(): number {
    return this.#sources.size;
  }

  /** Takes one request of this source into account. @returns null when it may go on, else why it is dropped */
  admit(address: string): SilenceRule | null {
    const now = this.#clock.nowMono();
    const source = this.#heard(address, now);
    if (source.knownUntil > now) return null;
    if (source.silentUntil > now) return 'too-many-failures';
    if (!(source.slowBucket ?? source.bucket).take(now)) return 'too-many-requests';
    return this.#all.take(now) ? null : 'too-many-strangers';
  }

  /** Whether a call of this source was let in lately. */
  isKnown(address: string): boolean {
    const source = this.#sources.get(sourceKey(address));
    return source !== undefined && source.knownUntil > this.#clock.nowMono();
  }

  /** A call of this source was let in. */
  welcome(address: string): void {
    const now = this.#clock.nowMono();
    const source = this.#heard(address, now);
    source.knownUntil = now + strangerLimits.knownMs;
    source.failures = [];
    source.slowBucket = null;
  }

  /** Credentials of this source were wrong. */
  failed(address: string): void {
    const now = this.#clock.nowMono();
    const source = this.#heard(address, now);
    const { failuresMs, failuresMax, failuresSlowed, slowBurst, slowPerSecond } = strangerLimits;
    source.failures = source.failures.filter((at) => at > now - failuresMs);
    source.failures.push(now);
    if (source.failures.length < failuresSlowed) source.slowBucket = null;
    else source.slowBucket ??= new TokenBucket(slowBurst, slowPerSecond, now);
    if (source.failures.length < failuresMax) return;
    source.silentUntil = now + failuresMs;
    source.failures = [];
  }

  #heard(address: string, now: number): Source {
    const key = sourceKey(address);
    const { burst, perSecond, sourcesMax } = strangerLimits;
    const source = this.#sources.get(key) ?? {
      bucket: new TokenBucket(burst, perSecond, now),
      slowBucket: null,
      knownUntil: 0,
      failures: [],
      silentUntil: 0,
    };
    // Deleted and set again: a Map keeps the order of insertion, so the first is the one longest silent.
    this.#sources.delete(key);
    this.#sources.set(key, source);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > sourcesMax && oldest !== undefined) this.#sources.delete(oldest);
    return source;
  }
}
