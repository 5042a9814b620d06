/**
 * The edge's log: one JSON line per event, as `wrangler tail` and Workers Logs read them. Callers pass names, ids and our own
 * sentences; never a header, a body, a token, a PIN or a password.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Writes one line. `event` is a kebab-case word that dashboards may count on. */
export function logLine(level: 'info' | 'warn' | 'error', event: string, fields: LogFields): void {
  const line = JSON.stringify({ level, event, ...fields });
  // biome-ignore lint/suspicious/noConsole: the console is the log of a Worker; this is its only user.
  console[level](line);
}
