/**
 * What JSON.parse does not tell of a text: how deep it nests, and whether an object names a member twice (RFC 8259 §4: what becomes of that is anybody's guess,
 * and the guess of whoever checks must not be another than that of whoever acts). One pass, no recursion, over text that may be anything.
 */

export interface JsonScan {
  /** Deepest nesting of arrays and objects. */
  readonly depth: number;
  /** The first name that stands twice in one object, cut to 64 characters; null: none does. */
  readonly repeatedName: string | null;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;

export function scanJson(text: string): JsonScan {
  /** Names of each open object; null for an open array. */
  const open: (Set<string> | null)[] = [];
  let depth = 0;
  let repeatedName: string | null = null;
  let isName = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at);
      const names = open.at(-1);
      if (isName && names != null) {
        const name = nameOf(text.slice(at, end + 1));
        if (names.has(name)) repeatedName ??= name.slice(0, 64);
        names.add(name);
      }
      isName = false;
      at = end;
    } else if (code === 0x7b || code === 0x5b) {
      open.push(code === 0x7b ? new Set() : null);
      isName = code === 0x7b;
      if (open.length > depth) depth = open.length;
    } else if (code === 0x7d || code === 0x5d) {
      open.pop();
      isName = false;
    } else if (code === comma) isName = open.at(-1) != null;
  }
  return { depth, repeatedName };
}

/** Where the string that begins at `start` ends: its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === backslash) at += 1;
    else if (code === quote) return at;
  }
  return text.length;
}

/** One name may be written in several ways: `"a"` and `"\u0061"`. */
function nameOf(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return String(JSON.parse(literal));
  } catch {
    // Not a string of JSON: JSON.parse will refuse the whole text.
    return literal;
  }
}
