/**
 * Order of two texts by code point, which is the order of their UTF-8 bytes and so the order in which
 * LiveKit sorts. The language's own `<` compares UTF-16 units, which differs beyond U+FFFF.
 */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0;
  const left = a[Symbol.iterator]();
  const right = b[Symbol.iterator]();
  for (;;) {
    const one = left.next().value;
    const other = right.next().value;
    if (one === other && one !== undefined) continue;
    return (one?.codePointAt(0) ?? -1) - (other?.codePointAt(0) ?? -1);
  }
}
