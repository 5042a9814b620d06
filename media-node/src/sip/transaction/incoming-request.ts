/** A request as it arrived, and the answers made from it: what every answer must repeat. RFC 3261 §8.2.6. */

import type { SipSource } from '../sip-endpoint.ts';
import { responseAddress } from '../transport/response-address.ts';
import type { Flow } from '../transport/transport.ts';
import type { SipRequest } from '../wire/message.ts';
import { stampVia, writeVia } from '../wire/via.ts';
import { type Row, writeMessage } from '../wire/write-message.ts';

export interface IncomingRequest {
  readonly request: SipRequest;
  readonly flow: Flow;
  /** Who sent it: the peer of the flow, or the caller behind a proxy that the configuration names. */
  readonly source: SipSource;
  /** True when its credentials have been shown before: nobody may be let in by them. */
  readonly isReplay?: boolean;
  /** True when the phone was let in with credentials of the same name before. */
  readonly isFamiliar?: boolean;
  /** Monotonic ms. */
  readonly arrivedAtMono: number;
}

export interface ResponseParts {
  readonly status: number;
  readonly phrase: string;
  /** Our tag, put into To unless it has one; null for a 100, which needs none. */
  readonly toTag: string | null;
  /** What this answer adds; values one character a byte. */
  readonly rows?: readonly Row[];
  readonly body?: { readonly contentType: string; readonly bytes: Buffer } | undefined;
}

/** Bytes of an answer. @throws RangeError on a row that must not be written */
export function writeResponse({ request, flow }: IncomingRequest, parts: ResponseParts): Buffer {
  const { status, phrase, toTag, rows = [], body } = parts;
  const { fields, viaTexts, via } = request;
  const to = fields.first('to') ?? '';
  const head: Row[] = [
    ['Via', writeVia(stampVia(via, flow.remote))],
    ...viaTexts.slice(1).map((value): Row => ['Via', value]),
    ['From', fields.first('from') ?? ''],
    ['To', toTag === null || request.toTag !== '' ? to : `${to};tag=${toTag}`],
    ['Call-ID', request.callId],
    ['CSeq', `${request.cseq.number} ${request.cseq.method}`],
  ];
  // RFC 3261 §8.2.6.1: a 100 repeats the Timestamp, so that the client can measure the way.
  const timestamp = status === 100 ? fields.first('timestamp') : null;
  if (timestamp !== null) head.push(['Timestamp', timestamp]);
  return writeMessage({
    start: { kind: 'response', status, phrase },
    rows: [...head, ...rows, ...(body === undefined ? [] : [typeRow(body.contentType)])],
    ...(body === undefined ? {} : { body: body.bytes }),
  });
}

function typeRow(contentType: string): Row {
  return ['Content-Type', contentType];
}

/** Sends bytes the way an answer to this request goes. */
export function sendBack(
  { request, flow }: IncomingRequest,
  bytes: Buffer,
  onFailed: (why: string) => void,
): void {
  flow.send(bytes, responseAddress(request.via, flow.remote), onFailed);
}
