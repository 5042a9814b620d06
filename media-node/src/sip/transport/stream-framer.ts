/**
 * Cuts a byte stream into SIP messages by Content-Length (RFC 3261 §18.3) and finds keep-alives (RFC 5626 §3.5.1). It holds at most one
 * message that is not complete and the chunk that came last, looks at each byte once or twice, and never recurses: what cannot be cut
 * safely ends the connection.
 */
import { sipLimits } from '@callgate/shared/limits.ts';
import { readDigits } from '../wire/characters.ts';

export type Framed =
  | { readonly kind: 'message'; readonly bytes: Buffer }
  /** CR LF CR LF between messages: the peer wants a CR LF back. */
  | { readonly kind: 'ping' }
  /**
   * Nothing behind this can be trusted: the connection must end. `head` is the header section that was at fault, for an answer; null
   * when there is none.
   */
  | { readonly kind: 'broken'; readonly why: string; readonly head: Buffer | null };

const empty = Buffer.alloc(0);
const headEnd = Buffer.from('\r\n\r\n');

export class StreamFramer {
  #buffer: Buffer = empty;
  /** Bytes used of the buffer. */
  #used = 0;
  /** Everything before it has been searched for the end of the headers. */
  #searched = 0;
  /** End of the message whose headers are complete; 0 while none is. Else each byte of a body would read the headers again. */
  #completeAt = 0;
  #isBroken = false;

  /** Bytes held of a message that is not complete. */
  get pendingBytes(): number {
    return this.#used;
  }

  /** Takes a chunk and gives what it completes, in order. After `broken` there is nothing more. */
  push(chunk: Buffer): Framed[] {
    if (this.#isBroken) return [];
    this.#append(chunk);
    const framed: Framed[] = [];
    let from = 0;
    for (;;) {
      const next = this.#next(from);
      if (next === null) break;
      if (next.framed !== null) framed.push(next.framed);
      from = next.to;
      if (next.framed?.kind === 'broken') {
        this.#isBroken = true;
        this.#buffer = empty;
        this.#used = 0;
        return framed;
      }
    }
    this.#drop(from);
    return framed;
  }

  /** What begins at `from`, and where it ends; null when more bytes are needed. */
  #next(from: number): { readonly framed: Framed | null; readonly to: number } | null {
    const bytes = this.#buffer.subarray(0, this.#used);
    if (from >= bytes.length || bytes.length < this.#completeAt) return null;
    if (bytes[from] === 0x0d || bytes[from] === 0x0a) return this.#lineEnds(bytes, from);
    const end = bytes.indexOf(headEnd, Math.max(from, this.#searched - 3));
    if (end < 0) {
      this.#searched = bytes.length;
      return bytes.length - from > sipLimits.headerSectionBytesMax
        ? this.#broken('the header section does not end', null)
        : null;
    }
    const bodyFrom = end + 4;
    if (bodyFrom - from > sipLimits.headerSectionBytesMax) {
      return this.#broken('the header section is too large', null);
    }
    const length = contentLength(bytes.toString('latin1', from, end));
    if (length === null) {
      return this.#broken('Content-Length is missing or no number', bytes.subarray(from, bodyFrom));
    }
    if (length > sipLimits.bodyBytesMax) {
      return this.#broken(`the body would be ${length} bytes`, null);
    }
    if (bytes.length < bodyFrom + length) {
      this.#searched = end;
      this.#completeAt = bodyFrom + length;
      return null;
    }
    this.#searched = 0;
    this.#completeAt = 0;
    const to = bodyFrom + length;
    return { framed: { kind: 'message', bytes: Buffer.from(bytes.subarray(from, to)) }, to };
  }

  /** RFC 3261 §7.5 lets line ends stand before a message; two are a ping. */
  #lineEnds(
    bytes: Buffer,
    from: number,
  ): { readonly framed: Framed | null; readonly to: number } | null {
    const isPing = bytes.subarray(from, from + 4).equals(headEnd);
    if (isPing) return { framed: { kind: 'ping' }, to: from + 4 };
    const mayBecomePing = headEnd.subarray(0, bytes.length - from).equals(bytes.subarray(from));
    return mayBecomePing && bytes.length - from < 4 ? null : { framed: null, to: from + 1 };
  }

  #broken(why: string, head: Buffer | null) {
    const framed: Framed = { kind: 'broken', why, head: head === null ? null : Buffer.from(head) };
    return { framed, to: this.#used };
  }

  #append(chunk: Buffer): void {
    const needed = this.#used + chunk.length;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, needed, 2_048));
      this.#buffer.copy(grown, 0, 0, this.#used);
      this.#buffer = grown;
    }
    chunk.copy(this.#buffer, this.#used);
    this.#used = needed;
  }

  /** Forgets what has been cut off; an idle connection holds no buffer. */
  #drop(count: number): void {
    this.#used -= count;
    this.#searched = Math.max(0, this.#searched - count);
    this.#completeAt = Math.max(0, this.#completeAt - count);
    if (this.#used === 0) this.#buffer = empty;
    else if (count > 0)
      this.#buffer = Buffer.from(this.#buffer.subarray(count, count + this.#used));
  }
}

/** Digits only, once, on one line; null otherwise. Anything else would leave two readings of where the next message begins. */
function contentLength(head: string): number | null {
  let found: number | null = null;
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trimEnd().toLowerCase();
    if (name !== 'content-length' && name !== 'l') continue;
    const length = readDigits(line.slice(colon + 1).trim(), 9);
    if (length === null || found !== null) return null;
    found = length;
  }
  return found;
}
