/** The log of what strangers send: counted by rule, and one line per source and second. */
import type { Clock } from '../clock.ts';
import { LineLimit } from '../line-limit.ts';
import type { Log } from '../ops/log.ts';

/** `rule` is a word of our source, never of the message: it is counted by. */
export type RefusalFields = Readonly<{ rule: string } & Record<string, unknown>>;

export class RefusalLog {
  readonly #log: Log;
  readonly #lines: LineLimit;
  readonly #counts = new Map<string, number>();

  constructor(clock: Clock, log: Log) {
    this.#log = log;
    this.#lines = new LineLimit(clock);
  }

  /** Everything refused so far, by rule. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** @param traceId asked only for what is logged; a connection that sent no message has none */
  note(source: string, fields: RefusalFields, traceId?: () => string): void {
    this.#counts.set(fields.rule, (this.#counts.get(fields.rule) ?? 0) + 1);
    const unsaid = this.#lines.take(source);
    if (unsaid === null) return;
    this.#log('info', 'sip-refused', {
      source,
      ...(traceId === undefined ? {} : { trace_id: traceId() }),
      ...fields,
      not_logged: unsaid,
    });
  }
}
