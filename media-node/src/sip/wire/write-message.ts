/**
 * From a message to bytes. The package writes the text; every name and value is checked before it gets there, because it writes what it
 * is given: a CR LF in a value would be a header of its own, and a character above U+00FF would be cut to a byte that may be LF.
 */
import { sipLimits } from '@callgate/shared/limits.ts';
import { type PlainMessage, stringify } from 'sip';
import { hasControl, isToken, wireText } from './characters.ts';

/** A header to be written; the value has one character a byte, as echoed values have. */
export type Row = readonly [name: string, value: string];

export type OutgoingStart =
  | { readonly kind: 'request'; readonly method: string; readonly uri: string }
  | { readonly kind: 'response'; readonly status: number; readonly phrase: string };

export interface OutgoingMessage {
  readonly start: OutgoingStart;
  /** In the order they shall have; Content-Length is added. */
  readonly rows: readonly Row[];
  readonly body?: Buffer;
}

/** Bytes of a message. @throws RangeError that names what must not be written; that is always a fault of ours. */
export function writeMessage({ start, rows, body }: OutgoingMessage): Buffer {
  // No prototype: whatever a name is, it is only a name.
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of rows) {
    if (!isWritableRow(name, value))
      throw new RangeError(`header ${JSON.stringify(name.slice(0, 40))} must not be written`);
    const before = headers[name];
    // One line each: challenges may not share one (RFC 3261 §7.3.1), and Vias are easier to read.
    headers[name] = before === undefined ? value : `${before}\r\n${name}: ${value}`;
  }
  const message: PlainMessage =
    start.kind === 'request'
      ? { method: start.method, uri: start.uri, headers }
      : { status: start.status, reason: wireText(start.phrase), headers };
  if (!isWritableStart(message)) throw new RangeError('start line must not be written');
  if (body !== undefined && body.length > 0) message.content = body.toString('latin1');
  const bytes = Buffer.from(stringify(message), 'latin1');
  if (bytes.length > sipLimits.writtenBytesMax) {
    throw new RangeError(
      `message would be ${bytes.length} bytes, limit ${sipLimits.writtenBytesMax}`,
    );
  }
  return bytes;
}

/** True for a token and a value of one byte a character without controls. Content-Length is the package's to write. */
export function isWritableRow(name: string, value: string): boolean {
  return isToken(name) && name.toLowerCase() !== 'content-length' && isWritableText(value);
}

function isWritableText(value: string): boolean {
  if (hasControl(value)) return false;
  for (let at = 0; at < value.length; at += 1) {
    if (value.charCodeAt(at) > 0xff) return false;
  }
  return true;
}

function isWritableStart({ method, uri, status, reason }: PlainMessage): boolean {
  if (method !== undefined) {
    return isToken(method) && uri !== undefined && isWritableText(uri) && !uri.includes(' ');
  }
  return status !== undefined && status >= 100 && status <= 699 && isWritableText(reason ?? '');
}
