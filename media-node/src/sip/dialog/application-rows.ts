/** Headers that the call adds to an answer or a request: checked before they may go out, and never those that make the protocol work. */
import type { SipHeader } from '../sip-endpoint.ts';
import { wireText } from '../wire/characters.ts';
import { isWritableRow, type Row } from '../wire/write-message.ts';

/** Lower-case names that only the endpoint writes. */
const own: ReadonlySet<string> = new Set([
  'allow',
  'call-id',
  'contact',
  'content-length',
  'content-type',
  'cseq',
  'from',
  'max-forwards',
  'record-route',
  'require',
  'route',
  'rseq',
  'supported',
  'to',
  'via',
]);

export interface ApplicationRows {
  readonly rows: readonly Row[];
  /** Names of what was left out: a control character, no token, or a name of the endpoint's own. */
  readonly leftOut: readonly string[];
}

/** Text goes out as UTF-8 (RFC 3261 §25.1), so that no character is cut to a byte that means something else. */
export function applicationRows(headers: readonly SipHeader[]): ApplicationRows {
  const rows: Row[] = [];
  const leftOut: string[] = [];
  for (const { name, value } of headers) {
    const text = wireText(value);
    if (isWritableRow(name, text) && !own.has(name.toLowerCase())) rows.push([name, text]);
    else leftOut.push(name);
  }
  return { rows, leftOut };
}
