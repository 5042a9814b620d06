/** Measured values and what one says of them. */

export interface Summary {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export class Distribution {
  readonly #values: number[] = [];

  add(value: number): void {
    this.#values.push(value);
  }

  get count(): number {
    return this.#values.length;
  }

  /** The value that this share of all values stays below, rounded to a tenth; null: nothing was measured. */
  percentile(share: number): number | null {
    const sorted = this.#values.toSorted((a, b) => a - b);
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    return value === undefined ? null : Math.round(value * 10) / 10;
  }

  /** Rounded to a tenth; null: nothing was measured. */
  summary(): Summary | null {
    const sorted = this.#values.toSorted((a, b) => a - b);
    if (sorted.length === 0) return null;
    const at = (share: number) => {
      const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
      return Math.round(value * 10) / 10;
    };
    return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
  }
}
