/**
 * Character classes of the SIP grammar (RFC 3261 §25.1), over text in which one character is one byte (Latin-1). Looked up, not matched:
 * every reader of this folder walks its input once.
 */

const tokenFlags = flags(
  "!%*_+`'~-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
);

/** True when `code` may stand in a token: a method, a header name, a parameter name. */
export function isTokenCode(code: number): boolean {
  return tokenFlags[code] === 1;
}

/** True for a non-empty token. RFC 3261 §25.1. */
export function isToken(text: string): boolean {
  if (text === '') return false;
  for (let at = 0; at < text.length; at += 1) {
    if (tokenFlags[text.charCodeAt(at)] !== 1) return false;
  }
  return true;
}

/** True for controls: below SP, or DEL. TAB counts as one; who allows it asks first. */
export function isControlCode(code: number): boolean {
  return code < 0x20 || code === 0x7f;
}

/** True when a control stands anywhere in the text. */
export function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (isControlCode(text.charCodeAt(at))) return true;
  }
  return false;
}

/** Without the spaces at both ends. Not `trim`: it takes the byte A0, which is half of many letters, for a blank. */
export function trimSpaces(text: string): string {
  let from = 0;
  let to = text.length;
  while (text[from] === ' ') from += 1;
  while (to > from && text[to - 1] === ' ') to -= 1;
  return text.slice(from, to);
}

/** A number of at most `digitsMax` decimal digits and nothing else; null otherwise. */
export function readDigits(text: string, digitsMax: number): number | null {
  if (text === '' || text.length > digitsMax) return null;
  let value = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return value;
}

/** A UDP or TCP port, 1 to 65535; null otherwise. */
export function readPort(text: string): number | null {
  const port = readDigits(text, 5);
  return port !== null && port >= 1 && port <= 65_535 ? port : null;
}

/** Names that mean something to a JavaScript object. Nothing here is keyed by them, and nobody's phone sends them. */
const reservedNames = new Set(
  [...Object.getOwnPropertyNames(Object.prototype), 'prototype'].map((name) => name.toLowerCase()),
);

/** True for `__proto__`, `constructor` and their like, in any case: refused as a header or parameter name. */
export function isReservedName(name: string): boolean {
  return reservedNames.has(name.toLowerCase());
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What people should read: bytes kept as Latin-1 are taken for UTF-8 (RFC 3261 §25.1) when they are. */
export function readableText(latin1: string): string {
  if (isAscii(latin1)) return latin1;
  try {
    return utf8.decode(Buffer.from(latin1, 'latin1'));
  } catch {
    // Old equipment sends Latin-1; the text is then right as it is.
    return latin1;
  }
}

/** The reverse: text as UTF-8, one character a byte, ready for the wire. */
export function wireText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) > 0x7f) return false;
  }
  return true;
}

function flags(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (let at = 0; at < characters.length; at += 1) table[characters.charCodeAt(at)] = 1;
  return table;
}
