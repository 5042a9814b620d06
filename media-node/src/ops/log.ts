/**
 * The node's log: one JSON object a line, `{ time, level, event, ... }`. Redaction lives here: fields whose name says that they are secret
 * never get out, texts are cut, and phone numbers keep their last four characters only.
 */

import { maskNumber, maskNumbersIn } from '@callgate/shared/sip/mask-number.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Writes one line. `event` is a kebab-case word; fields are plain values. */
export type Log = (
  level: LogLevel,
  event: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

/** Characters of a text field; what strangers send must not flood the log. */
const textMax = 200;

const secretName =
  /token|secret|password|credential|authorization|digits|pin$|ticket|nonce|response/i;
const numberName = /(^|_)(user|number|caller|called)$/i;
/** Sentences, which quote numbers. */
const sentenceName = /^(why|detail|message|explanation|stack)$/;

/**
 * @param write takes one line without its newline
 * @param least lines below this level are dropped; as an object its level may be changed at any time
 * @param now milliseconds since epoch
 */
export function createLog(
  write: (line: string) => void,
  least: LogLevel | { readonly level: LogLevel },
  now: () => number,
): Log {
  const threshold = typeof least === 'string' ? { level: least } : least;
  return (level, event, fields = {}) => {
    if (logLevels.indexOf(level) < logLevels.indexOf(threshold.level)) return;
    const shown = Object.entries(fields).map(([name, value]) => [name, redact(name, value)]);
    write(
      JSON.stringify({
        time: new Date(now()).toISOString(),
        level,
        event,
        ...Object.fromEntries(shown),
      }),
    );
  };
}

/** Drops everything; for tests of other parts. */
export const silentLog: Log = () => {};

function redact(name: string, value: unknown): unknown {
  if (value === undefined || value === null || typeof value === 'boolean') return value;
  if (secretName.test(name)) return '[redacted]';
  if (typeof value === 'number') return value;
  if (value instanceof Error) return redact(name, value.message);
  if (typeof value === 'string') return cut(redactText(name, value));
  if (Array.isArray(value)) return value.slice(0, 16).map((item) => redact(name, item));
  if (typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value)
        .slice(0, 32)
        .map(([inner, item]) => [inner, redact(inner, item)]),
    );
  }
  return cut(String(value));
}

function redactText(name: string, text: string): string {
  if (numberName.test(name)) return maskNumber(text);
  return sentenceName.test(name) ? maskNumbersIn(text) : text;
}

function cut(text: string): string {
  return text.length > textMax ? `${text.slice(0, textMax)}…` : text;
}
