/** What a request may demand that we cannot give, in a dialog or outside: extensions and packed bodies. RFC 3261 §8.2.2.3 and §8.2.3. Pure. */
import { acceptRow, supportedExtensions } from './capabilities.ts';
import { isEncoded } from './dialog/invite-request.ts';
import type { SipRequest } from './wire/message.ts';
import type { Row } from './wire/write-message.ts';

export interface UnmetDemand {
  readonly status: 415 | 420;
  readonly phrase: string;
  /** For the log. */
  readonly rule: string;
  readonly rows: readonly Row[];
}

/** Null when there is nothing in the way. Not for ACK and CANCEL, whose Require is ignored. */
export function unmetDemand(request: SipRequest): UnmetDemand | null {
  // Named as they were written.
  const required = (request.plain.get('require') ?? '').split(',').map((tag) => tag.trim());
  const unknown = required.filter(
    (tag) => tag !== '' && !supportedExtensions.includes(tag.toLowerCase()),
  );
  if (unknown.length > 0) {
    const rows: Row[] = [['Unsupported', unknown.join(', ')]];
    return { status: 420, phrase: 'Bad Extension', rule: 'require', rows };
  }
  if (!isEncoded(request)) return null;
  const rows: Row[] = [['Accept-Encoding', 'identity'], acceptRow];
  return { status: 415, phrase: 'Unsupported Media Type', rule: 'encoding', rows };
}
