/** Digits in INFO bodies, as phones send them that have no telephone events: application/dtmf-relay and application/dtmf. Pure. */

export interface InfoDigit {
  /** `0` to `9`, `*`, `#`, `A` to `D`. */
  readonly digit: string;
  readonly durationMs: number;
}

/** Types that `readInfoDigit` knows, for Accept. */
export const digitTypes = ['application/dtmf-relay', 'application/dtmf'] as const;

/** What phones send when they say nothing. */
const defaultMs = 160;

/** @param contentType lower case, without parameters. @returns null for what is no digit */
export function readInfoDigit(contentType: string, body: Buffer): InfoDigit | null {
  const text = body.toString('latin1', 0, 256);
  if (contentType === 'application/dtmf') return digitOf(text.trim(), defaultMs);
  if (contentType !== 'application/dtmf-relay') return null;
  const lines = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const equals = line.indexOf('=');
    if (equals > 0)
      lines.set(line.slice(0, equals).trim().toLowerCase(), line.slice(equals + 1).trim());
  }
  const durationMs = Number.parseInt(lines.get('duration') ?? '', 10);
  return digitOf(
    lines.get('signal') ?? '',
    durationMs > 0 ? Math.min(durationMs, 10_000) : defaultMs,
  );
}

/** Events 10 and 11 are `*` and `#` to some. */
function digitOf(signal: string, durationMs: number): InfoDigit | null {
  const digit = signal === '10' ? '*' : signal === '11' ? '#' : signal.toUpperCase();
  return /^[0-9*#A-D]$/.test(digit) ? { digit, durationMs } : null;
}
