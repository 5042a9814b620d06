/** A SIP message as the rest of this folder sees it: read, checked, immutable. */
import type { HeaderFields } from './header-fields.ts';
import type { NameAddr } from './name-addr.ts';
import type { Via } from './via.ts';

/** CSeq: below 2^31, its method that of the request. RFC 3261 §8.1.1.5. */
export interface CSeq {
  readonly number: number;
  readonly method: string;
}

interface MessageParts {
  readonly fields: HeaderFields;
  /** The topmost; read, unlike the ones below it. */
  readonly via: Via;
  /** Every Via value as written, the topmost first. */
  readonly viaTexts: readonly string[];
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly fromTag: string;
  readonly toTag: string;
  readonly callId: string;
  readonly cseq: CSeq;
  /** Plain headers as the package reads them: repeated ones joined by commas. Lower-case names of `plainNames` only. */
  readonly plain: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface SipRequest extends MessageParts {
  readonly kind: 'request';
  readonly method: string;
  /** Request-URI as written; what it means is the reader's affair (416, 404). */
  readonly uri: string;
  /** null when absent, which means 70. RFC 3261 §8.2 has no default; §16.3 lets it pass. */
  readonly maxForwards: number | null;
}

export interface SipResponse extends MessageParts {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
}

export type SipMessage = SipRequest | SipResponse;

/** Items of a plain comma list such as Require or Supported, lower case, without empty ones. */
export function plainList(message: SipMessage, key: string): readonly string[] {
  const text = message.plain.get(key);
  if (text === undefined) return [];
  return text
    .split(',')
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== '');
}
