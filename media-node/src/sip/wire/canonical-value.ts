/**
 * One header value in its canonical form: outside quotes every run of blanks, folds among them, becomes one space (RFC 3261 §7.3.1 calls
 * them equal); at both ends they vanish. Inside quotes blanks stay, folds become a space.
 */
import { sipLimits } from '@callgate/shared/limits.ts';
import { isControlCode, trimSpaces } from './characters.ts';

/**
 * The value that begins at `from` of a logical line (whose line ends are all folds); null when it holds a control byte, `blank-run` when
 * it holds more blanks in a row than anybody needs.
 *
 * A control byte behind a backslash inside quotes is legal (quoted-pair, RFC 3261 §25.1) and means nothing to anybody: the pair is left
 * out, so that no control byte gets further than this.
 */
export function canonicalValue(
  line: string,
  from: number,
): { readonly text: string } | 'blank-run' | null {
  let parts = '';
  /** Begin of the stretch that is copied as it stands. */
  let copyFrom = from;
  let isQuoted = false;
  let at = from;
  while (at < line.length) {
    const code = line.charCodeAt(at);
    if (code === 0x22) {
      isQuoted = !isQuoted;
    } else if (code === 0x5c && isQuoted) {
      if (isControlCode(line.charCodeAt(at + 1))) {
        parts += line.slice(copyFrom, at);
        copyFrom = at + 2;
      }
      at += 1;
    } else if (code === 0x20 || code === 0x09 || code === 0x0d) {
      const end = blanksEnd(line, at);
      if (end - at > sipLimits.blankRunMax) return 'blank-run';
      if (end - at > 1 || code !== 0x20) {
        parts += line.slice(copyFrom, at) + (isQuoted ? quotedBlanks(line, at, end) : ' ');
        copyFrom = end;
      }
      at = end;
      continue;
    } else if (isControlCode(code)) {
      return null;
    }
    at += 1;
  }
  return { text: trimSpaces(parts + line.slice(copyFrom)) };
}

function blanksEnd(line: string, from: number): number {
  let at = from;
  for (; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0d && code !== 0x0a) break;
  }
  return at;
}

function quotedBlanks(line: string, from: number, to: number): string {
  const run = line.slice(from, to);
  return run.includes('\r') ? ' ' : ' '.repeat(run.length);
}
