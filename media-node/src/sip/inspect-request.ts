/**
 * Whether a request outside of any dialog may go on, or what it is answered: the checks of RFC 3261 §8.2 in their order. Pure; what is
 * refused here costs one answer and no state.
 */
import {
  acceptedCodingRows,
  acceptRow,
  allowedMethods,
  allowRow,
  supportedRow,
} from './capabilities.ts';
import { dialogFault } from './dialog/dialog.ts';
import { bodyOf } from './dialog/invite-request.ts';
import { agreeSession } from './dialog/session-timer.ts';
import { unmetDemand } from './request-demands.ts';
import { plainList, type SipRequest } from './wire/message.ts';
import { readUri } from './wire/uri.ts';
import type { Row } from './wire/write-message.ts';

export type Inspection =
  /** An INVITE that a call may be made of. */
  | { readonly kind: 'invite' }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly phrase: string;
      readonly rows: readonly Row[];
      /** For the log; null where the answer is no refusal. */
      readonly rule: string | null;
    };

export function inspectRequest(request: SipRequest): Inspection {
  const { method } = request;
  // What cannot be read is malformed, whatever it asks for (RFC 5118 §4.2).
  const uri = readUri(request.uri);
  if (uri === null) return refuse(400, 'Bad Request-URI', 'request-uri');
  // §8.2.1: the method comes first. ACK and CANCEL never get here.
  if (method !== 'INVITE' && method !== 'OPTIONS') {
    // BYE, INFO and their like are known but need a dialog.
    return allowedMethods.includes(method)
      ? refuse(481, 'Call/Transaction Does Not Exist', 'no-dialog')
      : refuse(405, 'Method Not Allowed', 'method', [allowRow]);
  }
  if (uri.headers !== '') return refuse(400, 'Bad Request-URI', 'request-uri');
  if (uri.scheme === 'other') return refuse(416, 'Unsupported URI Scheme', 'uri-scheme');
  if (request.maxForwards === 0) return refuse(483, 'Too Many Hops', 'max-forwards');
  const unmet = unmetDemand(request);
  if (unmet !== null) return { kind: 'answer', ...unmet };
  if (method === 'OPTIONS') {
    return {
      kind: 'answer',
      status: 200,
      phrase: 'OK',
      rows: [allowRow, acceptRow, ...acceptedCodingRows, supportedRow],
      rule: null,
    };
  }
  const { contentType, body } = bodyOf(request);
  if (body.length > 0 && contentType !== 'application/sdp') {
    return refuse(415, 'Unsupported Media Type', 'content-type', [acceptRow]);
  }
  if (!takesSdp(request)) return refuse(406, 'Not Acceptable', 'accept');
  const fault = dialogFault(request);
  if (fault === 'contact') return refuse(400, 'Bad Contact', 'contact');
  if (fault === 'record-route') return refuse(400, 'Bad Record-Route', 'record-route');
  const session = agreeSession(request);
  if (session.kind === 'too-small') {
    return refuse(422, 'Session Interval Too Small', 'session-expires', session.rows);
  }
  return { kind: 'invite' };
}

/** False when Accept names types and ours is not among them: no answer of ours would be of use (RFC 3261 §20.1). */
function takesSdp(request: SipRequest): boolean {
  const types = plainList(request, 'accept').map((item) => item.split(';')[0]?.trim());
  return (
    types.length === 0 ||
    types.some((type) => type === 'application/sdp' || type === 'application/*' || type === '*/*')
  );
}

function refuse(
  status: number,
  phrase: string,
  rule: string,
  rows: readonly Row[] = [],
): Inspection {
  return { kind: 'answer', status, phrase, rows, rule };
}
