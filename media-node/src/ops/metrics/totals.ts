/** Counters that are counted elsewhere, as a total that is looked at when Prometheus asks. */
import type { Counter } from 'prom-client';

export class Totals<L extends string> {
  readonly #counter: Counter<L>;
  readonly #last = new Map<string, number>();

  constructor(counter: Counter<L>) {
    this.#counter = counter;
  }

  /** A total that went down (a lost packet that came late) waits until it is past what it was: a counter never falls. */
  raise(labels: Readonly<Record<L, string>>, total: number): void {
    const key = JSON.stringify(labels);
    const last = this.#last.get(key) ?? 0;
    if (!this.#last.has(key) || total > last) {
      this.#counter.inc(labels, Math.max(0, total - last));
      this.#last.set(key, Math.max(total, last));
    }
  }
}
