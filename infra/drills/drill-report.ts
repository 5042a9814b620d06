/** What a drill found: what was lost, the figures, and which of them miss what is promised. Printed as JSON, for people and scripts. */

export type Figure = number | string | boolean | null;

export class DrillReport {
  readonly #figures = new Map<string, Figure | Readonly<Record<string, Figure>>>();
  readonly #missed: string[] = [];

  /** Notes a figure that nothing is promised about. */
  tell(name: string, value: Figure | Readonly<Record<string, Figure>>): void {
    this.#figures.set(name, value);
  }

  /** Notes a figure that is promised to be `limit` at most. NaN and null miss it. */
  atMost(name: string, value: number | null, limit: number): void {
    this.#judge(name, value, `at most ${limit}`, value !== null && value <= limit);
  }

  atLeast(name: string, value: number | null, limit: number): void {
    this.#judge(name, value, `at least ${limit}`, value !== null && value >= limit);
  }

  is(name: string, value: Figure, wanted: Figure): void {
    this.#judge(name, value, JSON.stringify(wanted), value === wanted);
  }

  /** Promises that were not kept, in words. */
  get missed(): readonly string[] {
    return this.#missed;
  }

  /** All of it as plain data. */
  toJSON(): Readonly<Record<string, unknown>> {
    return { ...Object.fromEntries(this.#figures), missed: this.#missed };
  }

  #judge(name: string, value: Figure, wanted: string, isKept: boolean): void {
    this.#figures.set(name, value);
    if (!isKept) this.#missed.push(`${name} is ${JSON.stringify(value)}; promised: ${wanted}`);
  }
}
