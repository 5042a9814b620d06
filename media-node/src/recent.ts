/** What was seen lately, by name: bounded in number and age, the oldest is forgotten first. */
import type { Clock } from './clock.ts';

export interface RecentLimits {
  readonly max: number;
  readonly keptMs: number;
}

interface Seen<Value> {
  readonly value: Value;
  readonly atMono: number;
}

export class Recent<Value> {
  readonly #clock: Clock;
  readonly #limits: RecentLimits;
  /** In the order in which they were seen last. */
  readonly #seen = new Map<string, Seen<Value>>();

  constructor(clock: Clock, limits: RecentLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Those that are too old count until the next `set`. */
  get size(): number {
    return this.#seen.size;
  }

  /** null: not seen, too long ago, or forgotten for others. */
  get(name: string): Value | null {
    const seen = this.#seen.get(name);
    return seen === undefined || this.#isOld(seen) ? null : seen.value;
  }

  /** Seen now. */
  set(name: string, value: Value): void {
    this.#seen.delete(name);
    this.#seen.set(ownText(name), { value, atMono: this.#clock.nowMono() });
    for (const [oldest, seen] of this.#seen) {
      if (this.#seen.size <= this.#limits.max && !this.#isOld(seen)) return;
      this.#seen.delete(oldest);
    }
  }

  forget(name: string): void {
    this.#seen.delete(name);
  }

  #isOld({ atMono }: Seen<Value>): boolean {
    return this.#clock.nowMono() - atMono > this.#limits.keptMs;
  }
}

/**
 * The same text in memory of its own. V8 keeps a piece of a text as a reference to the whole: a Call-ID that is remembered would hold the message that it came in. For well-formed
 * text, as whatever was decoded from bytes is.
 */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}
