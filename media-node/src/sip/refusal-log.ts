/** The log of what strangers send: at most one line per source and second, and for so many sources at a time; the rest is counted. */
import type { Clock } from '../clock.ts';
import type { Log } from '../ops/log.ts';

/** One line per source within this, ms. */
const quietMs = 1_000;

/** Sources remembered within `quietMs`; beyond it nothing is logged, because a flood of sources is one event, not thousands. */
const sourcesMax = 256;

/** `rule` is a word of our source, never of the message: it is counted by. */
export type RefusalFields = Readonly<{ rule: string } & Record<string, unknown>>;

export class RefusalLog {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #seen = new Set<string>();
  readonly #counts = new Map<string, number>();
  #windowFromMono = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Everything refused so far, by rule. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** @param traceId asked only for what is logged; a connection that sent no message has none */
  note(source: string, fields: RefusalFields, traceId?: () => string): void {
    this.#counts.set(fields.rule, (this.#counts.get(fields.rule) ?? 0) + 1);
    const now = this.#clock.nowMono();
    if (now - this.#windowFromMono >= quietMs) {
      this.#windowFromMono = now;
      this.#seen.clear();
    }
    if (this.#seen.has(source) || this.#seen.size >= sourcesMax) {
      this.#unsaid += 1;
      return;
    }
    this.#seen.add(source);
    this.#log('info', 'sip-refused', {
      source,
      ...(traceId === undefined ? {} : { trace_id: traceId() }),
      ...fields,
      not_logged: this.#unsaid,
    });
    this.#unsaid = 0;
  }
}
