/** The header fields of one message: in their order, and by name. */
import type { HeaderField } from './gate.ts';

const nothing: readonly string[] = [];

export class HeaderFields implements Iterable<HeaderField> {
  readonly #fields: readonly HeaderField[];
  readonly #byKey = new Map<string, string[]>();

  constructor(fields: readonly HeaderField[]) {
    this.#fields = fields;
    for (const { key, value } of fields) {
      const values = this.#byKey.get(key);
      if (values === undefined) this.#byKey.set(key, [value]);
      else values.push(value);
    }
  }

  /** Every value of a header, in order. @param key lower-case long name */
  all(key: string): readonly string[] {
    return this.#byKey.get(key) ?? nothing;
  }

  /** The value of a header, the first if there are more; null without one. @param key lower-case long name */
  first(key: string): string | null {
    return this.all(key)[0] ?? null;
  }

  [Symbol.iterator](): Iterator<HeaderField> {
    return this.#fields[Symbol.iterator]();
  }
}
