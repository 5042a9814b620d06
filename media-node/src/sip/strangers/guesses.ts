/**
 * Wrong credentials of sources that a call was let in of: such a source may send as much as it likes, and must not guess passwords for it. A carrier or an office speaks for many,
 * so what fails is held against the user name that it was tried for, from that source, and against the source only where name after name fails; a name
 * that was let in before goes on then. A phone that was let in under its name is counted apart: whoever guesses that name from behind the same address silences others, and not it.
 * Bounded in number: the entry longest untouched is forgotten first.
 */
import { strangerLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { TokenBucket } from '../../token-bucket.ts';
import { sourceKey } from './source-key.ts';

/** Who tries a password. */
export interface Guesser {
  /** Where the request really comes from. */
  readonly address: string;
  /** The user name of the credentials. */
  readonly name: string;
  /** What tells its phone from others behind the same address (phoneKey). */
  readonly phone: string;
}

type GuessRule = 'too-many-requests' | 'too-many-failures';

interface Tried {
  /** Instants of wrong credentials, monotonic ms, the oldest first. */
  failures: readonly number[];
  slowBucket: TokenBucket | null;
  silentUntil: number;
  wasLetIn: boolean;
}

export class Guesses {
  readonly #clock: Clock;
  /** Of a source, of a name from a source, and of a phone that was let in under it, in the order in which they were last touched. */
  readonly #tried = new Map<string, Tried>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#tried.size;
  }

  /** Judges a request with credentials. @returns null when it may go on, else why it is dropped */
  judge(guesser: Guesser): GuessRule | null {
    const now = this.#clock.nowMono();
    const ofPhone = this.#tried.get(keyOfPhone(guesser));
    if (ofPhone !== undefined) return ruleFor(ofPhone, now);
    const ofSource = this.#tried.get(keyOfSource(guesser));
    const ofName = this.#tried.get(keyOfName(guesser));
    const isSilent = (ofSource?.silentUntil ?? 0) > now && ofName?.wasLetIn !== true;
    if (isSilent) return 'too-many-failures';
    return ofName === undefined ? null : ruleFor(ofName, now);
  }

  /** Whether this phone was let in under this name, and has not failed often since. */
  isFamiliar(guesser: Guesser): boolean {
    const ofPhone = this.#tried.get(keyOfPhone(guesser));
    if (ofPhone === undefined) return false;
    return recent(ofPhone, this.#clock.nowMono()).length < strangerLimits.failuresSlowed;
  }

  /** Credentials were judged and were wrong. */
  failed(guesser: Guesser): void {
    const { failuresMax, failuresMaxOfKnown, failuresSlowed, slowBurst, slowPerSecond } =
      strangerLimits;
    this.#note(keyOfSource(guesser), failuresMaxOfKnown);
    const phone = keyOfPhone(guesser);
    const key = this.#tried.has(phone) ? phone : keyOfName(guesser);
    const tried = this.#note(key, failuresMax);
    if (tried.failures.length === failuresSlowed)
      tried.slowBucket = new TokenBucket(slowBurst, slowPerSecond, this.#clock.nowMono());
  }

  /** A call with these credentials was let in. Failures stay: they may be another's. */
  letIn(guesser: Guesser): void {
    this.#touch(keyOfName(guesser)).wasLetIn = true;
    this.#touch(keyOfPhone(guesser)).wasLetIn = true;
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

/** What its own failures allow it. */
function ruleFor(tried: Tried, now: number): GuessRule | null {
  if (tried.silentUntil > now) return 'too-many-failures';
  if (recent(tried, now).length < strangerLimits.failuresSlowed) return null;
  return tried.slowBucket?.take(now) === false ? 'too-many-requests' : null;
}

function recent({ failures }: Tried, now: number): readonly number[] {
  return failures.filter((at) => at > now - strangerLimits.failuresMs);
}

function keyOfSource({ address }: Guesser): string {
  return sourceKey(address);
}

/** No line break can stand in a header, so no two keys are alike. */
function keyOfName({ address, name }: Guesser): string {
  return `${sourceKey(address)}\n${name}`;
}

function keyOfPhone(guesser: Guesser): string {
  return `${keyOfName(guesser)}\n${guesser.phone}`;
}
