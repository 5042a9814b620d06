/**
 * Whether header maps of trunks may be stored. Names are tokens (RFC 3261 §25.1), some are reserved for
 * the stack itself; values are one line of text. Words of the errors as in LiveKit, which clients read.
 */
import { type Fault, fault } from './fault.ts';

/** Header name -> value, or attribute -> header name and the like, as protobuf-es holds a map field. */
type TextMap = Readonly<Record<string, string>>;

const nameBytesMax = 255;
const valueBytesMax = 1_024;
const tokenCharacter = /^[0-9A-Za-z\-.!%*_+`'~]$/;

/** Written by the SIP stack itself; compact forms included. */
const reservedNames: ReadonlySet<string> = new Set([
  ...[
    'accept',
    'accept-encoding',
    'accept-language',
    'allow',
    'allow-events',
    'call-id',
    'contact',
  ],
  ...['content-encoding', 'content-length', 'content-type', 'cseq', 'event', 'expires', 'from'],
  ...[
    'max-forwards',
    'record-route',
    'refer-to',
    'reply-to',
    'k',
    'l',
    'm',
    'o',
    'r',
    't',
    'u',
    'v',
  ],
]);

/** The three header maps of a trunk; null: nothing is wrong with them. Fields are the names of the maps. */
export function headerMapsFault(trunk: {
  readonly headers: TextMap;
  readonly headersToAttributes: TextMap;
  readonly attributesToHeaders: TextMap;
}): Fault | null {
  for (const [name, value] of Object.entries(trunk.headers)) {
    const msg = nameFault(name) ?? reservedFault(name) ?? valueFault(name, value);
    if (msg !== null) return fault('headers', msg);
  }
  // Reserved headers may be read, and LiveKit lets attributes write to them.
  return (
    namesFault('attributes_to_headers', Object.values(trunk.attributesToHeaders)) ??
    namesFault('headers_to_attributes', Object.keys(trunk.headersToAttributes))
  );
}

function namesFault(field: string, names: readonly string[]): Fault | null {
  for (const name of names) {
    const msg = nameFault(name);
    if (msg !== null) return fault(field, msg);
  }
  return null;
}

function nameFault(name: string): string | null {
  if (name === '') return 'invalid header name: header name cannot be empty';
  if (byteLength(name) > nameBytesMax) {
    return `invalid header name: header name too long (max ${nameBytesMax} characters)`;
  }
  for (const character of name) {
    if (tokenCharacter.test(character)) continue;
    return `invalid header name: header name ${name} contains invalid characters: ${unfit(character)}`;
  }
  return null;
}

function reservedFault(name: string): string | null {
  if (!reservedNames.has(name.toLowerCase())) return null;
  return `invalid header name: header name ${name} not supported`;
}

function valueFault(name: string, value: string): string | null {
  const inHeader = `invalid header value for ${name}: header ${name}: value`;
  if (byteLength(value) > valueBytesMax) {
    return `${inHeader} too long (max ${valueBytesMax} characters)`;
  }
  for (const character of value) {
    if (isControl(character)) return `${inHeader}: ${unfit(character)}`;
  }
  return null;
}

/** C0 controls but the tab, and DEL. What lies beyond ASCII is text. */
function isControl(character: string): boolean {
  return (character < ' ' && character !== '\t') || character === '\u{7f}';
}

function unfit(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 128
    ? `char ${code} not allowed`
    : `char ${code} out of range, consider explicilty adding utf8 characters`;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
