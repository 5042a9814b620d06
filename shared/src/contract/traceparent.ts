/**
 * The header `traceparent` (W3C Trace Context §3.2): which trace a request belongs to. A node sends it with every question about a call, and the edge's log
 * lines and spans name the same trace id as the node's.
 */

export interface TraceContext {
  /** 32 hexadecimal digits in lower case, not all zero. */
  readonly traceId: string;
  /** The span that asks: 16 hexadecimal digits in lower case, not all zero. */
  readonly spanId: string;
  /** Whether the asker records spans; then the asked one may, too. */
  readonly isSampled: boolean;
}

export const traceparentHeader = 'traceparent';

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

export function writeTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** null: no header, or one that §3.2.2 wants ignored. A later version is read as far as version 00 goes (§3.2.4). */
export function readTraceparent(text: string | null | undefined): TraceContext | null {
  const [, version = '', traceId = '', spanId = '', flags = '', rest] =
    pattern.exec(text ?? '') ?? [];
  if (version === '' || version === 'ff' || (version === '00' && rest !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
