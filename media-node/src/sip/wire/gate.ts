/**
 * The gate: every byte from the network passes here first, once, in one direction, before anything is parsed. It cuts a message into
 * start line, header fields and body, and refuses what is oversized, ambiguous or not SIP's grammar at the level of lines (RFC 3261 §7
 * and §25). What leaves it holds no control bytes and no folding; blanks outside quotes stand alone; compact names are long; headers that
 * may stand once stand once. Values keep their bytes, one character each (Latin-1).
 */
import { sipLimits } from '@callgate/shared/limits.ts';
import { canonicalValue } from './canonical-value.ts';
import { isReservedName, isToken, readDigits } from './characters.ts';
import { longName, singleValued } from './header-names.ts';
import { methodBytesMax, readStartLine, type StartLine } from './start-line.ts';

export interface HeaderField {
  /** As written, or the long name of a compact one. */
  readonly name: string;
  /** The name in lower case. */
  readonly key: string;
  readonly value: string;
}

/** A message whose lines are sound. Its body is a view of the datagram. */
export interface GatedMessage {
  readonly start: StartLine;
  readonly fields: readonly HeaderField[];
  readonly body: Buffer;
}

/** What was wrong: the rule that was broken, in a word, and the sentence for log and answer. */
export interface Fault {
  readonly rule: string;
  readonly detail: string;
  /** Final status a request with this fault gets, when it can be answered at all. */
  readonly status: 400 | 413 | 505 | 513;
}

export type GateVerdict =
  | { readonly kind: 'passed'; readonly message: GatedMessage }
  /** Line ends or zero bytes that keep a NAT binding open (RFC 5626 §4.4.1). */
  | { readonly kind: 'keep-alive' }
  /** `method` and `fields` are what was sound beside the fault: enough, perhaps, for a 400. */
  | {
      readonly kind: 'refused';
      readonly fault: Fault;
      /** Method of what looks like a request; null for a response or noise. */
      readonly method: string | null;
      readonly fields: readonly HeaderField[];
    };

/** Judges one datagram, or one message that a stream's framer has cut out. Never throws. */
export function gate(bytes: Buffer): GateVerdict {
  if (bytes.length > sipLimits.datagramBytesMax) {
    return refusal('message-too-large', `message is ${bytes.length} bytes`, 513);
  }
  const begin = skipKeepAlive(bytes);
  if (begin === bytes.length) return { kind: 'keep-alive' };
  const end = bytes.indexOf('\r\n\r\n', begin, 'latin1');
  if (end < 0) return refusal('no-empty-line', 'no empty line ends the header section');
  if (end - begin > sipLimits.headerSectionBytesMax) {
    return refusal('headers-too-large', `header section is ${end - begin} bytes`, 513);
  }
  return new Gate(bytes.toString('latin1', begin, end), bytes.subarray(end + 4)).judge();
}

function refusal(rule: string, detail: string, status: Fault['status'] = 400): GateVerdict {
  return { kind: 'refused', fault: { rule, detail, status }, method: null, fields: [] };
}

/** Line ends before the start line are ignored (RFC 3261 §7.5); zero bytes are what some phones keep bindings open with. */
function skipKeepAlive(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte !== 0x0d && byte !== 0x0a && byte !== 0) break;
    at += 1;
  }
  return at;
}

/** One walk over one header section. */
class Gate {
  readonly #text: string;
  readonly #body: Buffer;
  readonly #fields: HeaderField[] = [];
  readonly #seen = new Set<string>();
  #start: StartLine | null = null;
  #method: string | null = null;
  /** The first fault. Faults within one line let the walk go on: the other lines may make an answer possible. */
  #fault: Fault | null = null;

  constructor(text: string, body: Buffer) {
    this.#text = text;
    this.#body = body;
  }

  judge(): GateVerdict {
    this.#lines();
    const body = this.#cutBody();
    if (this.#start !== null && this.#fault === null) {
      return { kind: 'passed', message: { start: this.#start, fields: this.#fields, body } };
    }
    const fault = this.#fault ?? { rule: 'start-line', detail: 'no start line', status: 400 };
    return { kind: 'refused', fault, method: this.#method, fields: this.#fields };
  }

  /** Cuts the section into logical lines: a line that begins with a blank continues the one before (RFC 3261 §7.3.1). */
  #lines(): void {
    const text = this.#text;
    let lineCount = 0;
    for (let begin = 0; begin <= text.length; ) {
      let end = this.#lineEnd(begin);
      lineCount += 1;
      let isPlain = true;
      while (end >= 0 && end < text.length && isBlank(text.charCodeAt(end + 2))) {
        isPlain = false;
        lineCount += 1;
        end = this.#lineEnd(end + 2);
      }
      if (end < 0) return;
      if (lineCount > sipLimits.headerLinesMax) {
        return this.#refuse('too-many-lines', `more than ${sipLimits.headerLinesMax} header lines`);
      }
      if (end - begin > sipLimits.headerLineBytesMax) {
        return this.#refuse('line-too-long', `a header line is ${end - begin} bytes`);
      }
      const line = text.slice(begin, end);
      if (begin === 0) this.#startLine(line, isPlain);
      else this.#field(line);
      begin = end + 2;
    }
  }

  /** Index of the CR of this line's CRLF, or the end; -1 after a fault. Lone CR and LF make two readings and are refused. */
  #lineEnd(begin: number): number {
    const text = this.#text;
    for (let at = begin; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code >= 0x20 && code !== 0x7f) continue;
      if (code === 0x0d && text.charCodeAt(at + 1) === 0x0a) return at;
      if (code === 0x0d || code === 0x0a) {
        this.#refuse('bare-line-end', `a lone ${code === 0x0d ? 'CR' : 'LF'} in the headers`);
        return -1;
      }
    }
    return text.length;
  }

  #startLine(line: string, isPlain: boolean): void {
    this.#start = isPlain ? readStartLine(line) : null;
    this.#method = methodOf(line);
    if (this.#start === null) {
      this.#refuse('start-line', 'neither a request line nor a status line');
    } else if (this.#start.version !== '2.0') {
      this.#refuse('version', 'SIP version is not 2.0', 505);
    }
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    let nameEnd = colon;
    while (nameEnd > 0 && isBlank(line.charCodeAt(nameEnd - 1))) nameEnd -= 1;
    const written = line.slice(0, Math.max(0, nameEnd));
    if (!isToken(written)) return this.#refuse('header-name', 'a header name is no token');
    if (isReservedName(written)) return this.#refuse('header-name', 'a reserved header name');
    const name = longName(written);
    const key = name.toLowerCase();
    const value = canonicalValue(line, colon + 1);
    if (value === null) {
      return this.#refuse('header-value', `${printable(name)} holds a control byte`);
    }
    if (value === 'blank-run') {
      return this.#refuse(
        'blank-run',
        `${printable(name)} holds more than ${sipLimits.blankRunMax} blanks`,
      );
    }
    if (singleValued.has(key)) {
      if (this.#seen.has(key)) return this.#refuse('repeated-header', `${name} stands twice`);
      this.#seen.add(key);
    }
    this.#fields.push({ name, key, value: value.text });
  }

  /** RFC 3261 §18.3: a datagram may be longer than Content-Length says, never shorter. */
  #cutBody(): Buffer {
    const there = this.#body.length;
    const field = this.#fields.find(({ key }) => key === 'content-length');
    const length = field === undefined ? there : readDigits(field.value, 9);
    if (length === null) {
      this.#refuse('content-length', 'Content-Length is no number');
    } else if (length > there) {
      this.#refuse('content-length', `Content-Length is ${length}, the body has ${there} bytes`);
    } else if (length > sipLimits.bodyBytesMax) {
      this.#refuse('body-too-large', `body is ${length} bytes`, 413);
    }
    return this.#body.subarray(0, length ?? 0);
  }

  #refuse(rule: string, detail: string, status: Fault['status'] = 400): void {
    this.#fault ??= { rule, detail, status };
  }
}

/** The first word of a line that is no status line, when it can be a method. */
function methodOf(line: string): string | null {
  const word = line.slice(0, Math.max(0, line.indexOf(' ')));
  return isToken(word) && word.length <= methodBytesMax ? word : null;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Names are tokens, so only their length is left to bound. */
function printable(name: string): string {
  return name.slice(0, 40);
}
