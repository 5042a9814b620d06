/**
 * The parameters of digest credentials (RFC 3261 §25.1 digest-response). The edge judges by them, and the node counts by them which nonces and names were tried: both have to read the
 * same, or one could be shown something else than the other.
 */
const parameter =
  /\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+))\s*(,|$)/y;

/**
 * Reads the value of Authorization or Proxy-Authorization, in one pass.
 * @returns by name in lower case, quotes undone; null for another scheme, for anything but the grammar, and for a parameter that is given twice
 */
export function readDigestParameters(value: string): ReadonlyMap<string, string> | null {
  const scheme = /^\s*Digest\s+/i.exec(value);
  if (scheme === null) return null;
  const found = new Map<string, string>();
  parameter.lastIndex = scheme[0].length;
  while (parameter.lastIndex < value.length) {
    const match = parameter.exec(value);
    if (match === null) return null;
    const name = (match[1] ?? '').toLowerCase();
    if (found.has(name)) return null;
    found.set(name, match[3] ?? (match[2] ?? '').replace(/\\(.)/g, '$1'));
  }
  return found;
}
