/** Headers that the call adds to an answer or a request: checked before they may go out, and never those that make the protocol work. */
import { sipLimits } from '@callgate/shared/limits.ts';
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
  /** Names of what was left out: a control character, no token, a name of the endpoint's own, or no room for it. */
  readonly leftOut: readonly string[];
}

/** Text goes out as UTF-8 (RFC 3261 §25.1), so that no character is cut to a byte that means something else. */
export function applicationRows(headers: readonly SipHeader[]): ApplicationRows {
  const rows: Row[] = [];
  const leftOut: string[] = [];
  let bytesLeft: number = sipLimits.applicationHeaderBytesMax;
  for (const { name, value } of headers) {
    const text = wireText(value);
    const bytes = name.length + text.length;
    if (!isWritableRow(name, text) || own.has(name.toLowerCase()) || bytes > bytesLeft) {
      leftOut.push(name);
      continue;
    }
    bytesLeft -= bytes;
    rows.push([name, text]);
  }
  return { rows, leftOut };
}
