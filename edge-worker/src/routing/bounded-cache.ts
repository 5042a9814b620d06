/** Things by key that take no more than so many bytes together: what was used longest ago goes first. The newest stays even when it is too large alone. */

interface Kept<T> {
  readonly value: T;
  readonly bytes: number;
}

export class BoundedCache<T> {
  readonly #bytesMax: number;
  /** The order of a Map is that of insertion: what was used last stands last. */
  readonly #kept = new Map<string, Kept<T>>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** About how much is kept, bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): T | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.value;
  }

  /** @param bytes about how much memory the value takes */
  set(key: string, value: T, bytes: number): void {
    this.#delete(key);
    this.#kept.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#bytesMax || this.#kept.size === 1) break;
      this.#delete(oldest);
    }
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #delete(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}
