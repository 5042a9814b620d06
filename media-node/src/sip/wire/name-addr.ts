/** Addresses with a display name and parameters, as From, To, Contact and the routes carry them (RFC 3261 §20.10), and lists of them. */
import { readableText, trimSpaces } from './characters.ts';
import { type Parameters, quotedEnd, readParameters, skipSpace, unquote } from './parameters.ts';
import { readUri, type Uri } from './uri.ts';

export interface NameAddr {
  /** For people; empty when there is none. */
  readonly displayName: string;
  /** The URI as written. */
  readonly uriText: string;
  readonly uri: Uri;
  /** Parameters of the header (`tag`), not of the URI. */
  readonly parameters: Parameters;
}

/** One address; null when it is none: unbalanced quotes or brackets, blanks in the URI, anything left over. */
export function readNameAddr(text: string): NameAddr | null {
  if (text.startsWith('"')) {
    const end = quotedEnd(text, 0);
    if (end === null) return null;
    const open = skipSpace(text, end);
    return text[open] === '<' ? bracketed(text, open, unquote(text.slice(0, end))) : null;
  }
  const open = text.indexOf('<');
  const semicolon = text.indexOf(';');
  if (open >= 0 && (semicolon < 0 || open < semicolon)) {
    const name = trimSpaces(text.slice(0, open));
    // Words of a display name are tokens (RFC 3261 §25.1); names in other scripts come unquoted too, so only delimiters are refused.
    return /[,;:<>@"\\[\]]/.test(name) ? null : bracketed(text, open, name);
  }
  // Without brackets the first ; ends the URI, and ? and , may not stand in it. RFC 3261 §20.
  const uriText = trimSpaces(semicolon < 0 ? text : text.slice(0, semicolon));
  if (uriText.includes('?') || uriText.includes(',')) return null;
  return assemble('', uriText, readParameters(text, uriText.length));
}

/** Splits a comma list, leaving commas inside quotes and angle brackets alone; null when either never closes or an item is empty. */
export function splitList(text: string): string[] | null {
  const items: string[] = [];
  let from = 0;
  let isBracketed = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"' && !isBracketed) {
      const end = quotedEnd(text, at);
      if (end === null) return null;
      at = end - 1;
    } else if (character === '<') {
      isBracketed = true;
    } else if (character === '>') {
      isBracketed = false;
    } else if (character === ',' && !isBracketed) {
      items.push(trimSpaces(text.slice(from, at)));
      from = at + 1;
    }
  }
  items.push(trimSpaces(text.slice(from)));
  return isBracketed || items.includes('') ? null : items;
}

function bracketed(text: string, open: number, displayName: string): NameAddr | null {
  const close = text.indexOf('>', open);
  if (close < 0) return null;
  return assemble(displayName, text.slice(open + 1, close), readParameters(text, close + 1));
}

function assemble(
  displayName: string,
  uriText: string,
  parameters: Parameters | null,
): NameAddr | null {
  const uri = readUri(uriText);
  if (uri === null || parameters === null) return null;
  return { displayName: readableText(displayName), uriText, uri, parameters };
}
