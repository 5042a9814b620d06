/**
 * `;name=value` parameters as Via, addresses and URIs carry them (RFC 3261 §25.1, generic-param). Names in lower case; values as written,
 * quotes kept, so that what is echoed is what was sent.
 */
import { isReservedName, isTokenCode } from './characters.ts';

/** In their order. A Map: strangers choose the names. */
export type Parameters = ReadonlyMap<string, string | null>;

/** No device sends a dozen; the bound keeps a header of semicolons cheap. */
const parametersMax = 48;

const none: Parameters = new Map();

/**
 * Reads parameters from `from` to the end of `text`.
 * @returns null when something else stands there, a name comes twice or means something to JavaScript
 */
export function readParameters(text: string, from: number): Parameters | null {
  if (from >= text.length) return none;
  const parameters = new Map<string, string | null>();
  let at = from;
  while (at < text.length) {
    at = skipSpace(text, at);
    if (text[at] !== ';') return null;
    const nameFrom = skipSpace(text, at + 1);
    const nameTo = tokenEnd(text, nameFrom);
    if (nameTo === nameFrom) return null;
    const name = text.slice(nameFrom, nameTo).toLowerCase();
    if (parameters.has(name) || isReservedName(name)) return null;
    if (parameters.size === parametersMax) return null;
    at = skipSpace(text, nameTo);
    if (text[at] !== '=') {
      parameters.set(name, null);
      continue;
    }
    const valueFrom = skipSpace(text, at + 1);
    const valueTo = valueEnd(text, valueFrom);
    if (valueTo === null) return null;
    parameters.set(name, text.slice(valueFrom, valueTo));
    at = skipSpace(text, valueTo);
  }
  return parameters;
}

/** Writes parameters back, each with its `;`. */
export function writeParameters(parameters: Parameters): string {
  let text = '';
  for (const [name, value] of parameters) text += value === null ? `;${name}` : `;${name}=${value}`;
  return text;
}

/** Index behind the quoted string that begins at `from`; null when it never ends. */
export function quotedEnd(text: string, from: number): number | null {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return null;
}

/** The content of a quoted string, its backslashes undone; any other text as it is. */
export function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/gs, '$1') : text;
}

/** Index of the first character that is no space. The gate has left none but single spaces. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at += 1;
  return at;
}

function tokenEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && isTokenCode(text.charCodeAt(at))) at += 1;
  return at;
}

/**
 * A value is a token, a host or a quoted string; real tags also hold `:`, `@`, `/` and brackets, so anything goes that ends nothing. An
 * unquoted value may be empty (`;rport=`).
 */
function valueEnd(text: string, from: number): number | null {
  if (text[from] === '"') return quotedEnd(text, from);
  let at = from;
  while (at < text.length && !' ;,"<>'.includes(text.charAt(at))) at += 1;
  return text[at] === '"' || text[at] === '<' || text[at] === '>' ? null : at;
}

/** One parameter of a header value such as `multipart/mixed;boundary="x"`, quotes undone; null without it. */
export function parameterOf(value: string, name: string): string | null {
  const semicolon = value.indexOf(';');
  const parameters = semicolon < 0 ? none : readParameters(value, semicolon);
  const found = parameters?.get(name);
  return found === undefined || found === null ? null : unquote(found);
}
