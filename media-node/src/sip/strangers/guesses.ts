/**
 * Wrong credentials of sources that a call was let in of: such a source may send as much as it likes, and must not guess passwords for it. A carrier or an office speaks for many,
 * so what fails is held against the user name that it was tried for, from that source, and against the source only where name after name fails; a name
 * that was let in before goes on then. Bounded in number: the entry longest untouched is forgotten first.
 */
import { strangerLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { TokenBucket } from '../../token-bucket.ts';
import { sourceKey } from './source-key.ts';

interface Tried {
  /** Instants of wrong credentials, monotonic ms, the oldest first. */
  failures: readonly number[];
  slowBucket: TokenBucket | null;
  silentUntil: number;
  wasLetIn: boolean;
}

export class Guesses {
  readonly #clock: Clock;
  /** Of a source, and of a name from a source, in the order in which they were last touched. */
  readonly #tried = new Map<string, Tried>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#tried.size;
  }

  /** Judges a request with credentials. @returns null when it may go on, else why it is dropped */
  judge(address: string, name: string): 'too-many-requests' | 'too-many-failures' | null {
    const now = this.#clock.nowMono();
    const ofSource = this.#tried.get(keyOf(address));
    const ofName = this.#tried.get(keyOf(address, name));
    if ((ofName?.silentUntil ?? 0) > now) return 'too-many-failures';
    if ((ofSource?.silentUntil ?? 0) > now && ofName?.wasLetIn !== true) return 'too-many-failures';
    if (ofName === undefined || recent(ofName, now).length < strangerLimits.failuresSlowed)
      return null;
    return ofName.slowBucket?.take(now) === false ? 'too-many-requests' : null;
  }

  /** Credentials were judged and were wrong. */
  failed(address: string, name: string): void {
    const { failuresMax, failuresMaxOfKnown, failuresSlowed, slowBurst, slowPerSecond } =
      strangerLimits;
    this.#note(keyOf(address), failuresMaxOfKnown);
    const tried = this.#note(keyOf(address, name), failuresMax);
    if (tried.failures.length === failuresSlowed)
      tried.slowBucket = new TokenBucket(slowBurst, slowPerSecond, this.#clock.nowMono());
  }

  /** A call with these credentials was let in. Its failures stay: they may be another's. */
  letIn(address: string, name: string): void {
    this.#touch(keyOf(address, name)).wasLetIn = true;
  }

  #note(key: string, failuresMax: number): Tried {
    const now = this.#clock.nowMono();
    const tried = this.#touch(key);
    tried.failures = [...recent(tried, now), now];
    if (tried.failures.length >= failuresMax) {
      tried.silentUntil = now + strangerLimits.failuresMs;
      tried.failures = [];
    }
    return tried;
  }

  #touch(key: string): Tried {
    const tried = this.#tried.get(key) ?? {
      failures: [],
      slowBucket: null,
      silentUntil: 0,
      wasLetIn: false,
    };
    this.#tried.delete(key);
    this.#tried.set(key, tried);
    const [oldest] = this.#tried.keys();
    if (this.#tried.size > strangerLimits.sourcesMax && oldest !== undefined)
      this.#tried.delete(oldest);
    return tried;
  }
}

function recent({ failures }: Tried, now: number): readonly number[] {
  return failures.filter((at) => at > now - strangerLimits.failuresMs);
}

function keyOf(address: string, name?: string): string {
  return name === undefined ? sourceKey(address) : `${sourceKey(address)}\n${name}`;
}
