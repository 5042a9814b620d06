/** The first line of a message, split by single spaces as RFC 3261 §7.1 and §7.2 have it: no more blanks, none at the end. */
import { hasControl, isToken, readDigits } from './characters.ts';

/** The longest method that is registered has nine letters; RFC 4475 sends one of 43. */
export const methodBytesMax = 64;

export type StartLine =
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly uri: string;
      /** Digits and a dot, such as `2.0`. */
      readonly version: string;
    }
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly reason: string;
      readonly version: string;
    };

/** Reads a start line without its CRLF; null when it is none. */
export function readStartLine(line: string): StartLine | null {
  const first = line.indexOf(' ');
  if (first <= 0 || hasControl(line)) return null;
  const head = line.slice(0, first);
  const responseVersion = readVersion(head);
  if (responseVersion !== null) {
    const status = readDigits(line.slice(first + 1, first + 4), 3);
    if (status === null || status < 100 || status > 699) return null;
    if (line.length > first + 4 && line[first + 4] !== ' ') return null;
    return { kind: 'response', status, reason: line.slice(first + 5), version: responseVersion };
  }
  const second = line.indexOf(' ', first + 1);
  const version = second < 0 ? null : readVersion(line.slice(second + 1));
  const uri = line.slice(first + 1, second);
  if (!isToken(head) || head.length > methodBytesMax || uri === '' || version === null) return null;
  return { kind: 'request', method: head, uri, version };
}

/** `SIP/2.0` gives `2.0`. The name is case-insensitive, RFC 3261 §7.1. */
function readVersion(text: string): string | null {
  if (text.slice(0, 4).toUpperCase() !== 'SIP/') return null;
  const version = text.slice(4);
  return /^\d{1,4}\.\d{1,4}$/.test(version) ? version : null;
}
