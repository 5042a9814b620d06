/**
 * The edge's log: one JSON line per event, as `wrangler tail` and Workers Logs read them. Callers pass names, ids and our own
 * sentences; never a header, a body, a token, a PIN or a password. What is written while a call is decided names the call and its trace.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

const context = new AsyncLocalStorage<LogFields>();

/** Runs `work`; every line that it writes, however deep, has these fields as well. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return context.run(fields, work);
}

/** Writes one line. `event` is a kebab-case word that dashboards may count on. */
export function logLine(level: 'info' | 'warn' | 'error', event: string, fields: LogFields): void {
  const line = JSON.stringify({ level, event, ...context.getStore(), ...fields });
  // biome-ignore lint/suspicious/noConsole: the console is the log of a Worker; this is its only user.
  console[level](line);
}
