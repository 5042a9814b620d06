/** What happened when, ms on the monotonic clock from the first INVITE of a call. */

export interface TimelineEntry {
  readonly atMs: number;
  readonly event: string;
}

export class CallTimeline {
  readonly #entries: TimelineEntry[] = [];
  #startedAtMono: number | null = null;

  /** Notes an event now; the first is the origin. */
  note(event: string): void {
    const now = performance.now();
    this.#startedAtMono ??= now;
    this.#entries.push({ atMs: now - this.#startedAtMono, event });
  }

  /** Notes an event only when it is the first of its name. */
  noteOnce(event: string): void {
    if (this.at(event) === null) this.note(event);
  }

  /** When an event first happened, ms; null: it did not. */
  at(event: string): number | null {
    return this.#entries.find((entry) => entry.event === event)?.atMs ?? null;
  }

  get entries(): readonly TimelineEntry[] {
    return this.#entries;
  }
}
