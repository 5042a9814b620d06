/**
 * TransferSIPParticipant as livekit-server takes and answers it: what it refuses before it asks anybody, and the Twirp errors that SIP statuses become
 * (SIPStatus in livekit/protocol). Pure.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf';
import { SIPStatus, SIPStatusCode, type TransferSIPParticipantRequest } from '@livekit/protocol';
import { commandLimits, sipReferMs } from '../limits.ts';
import { type Fault, fault } from './fault.ts';

/** Twirp codes that a failed SIP request becomes, with their numbers in gRPC. */
const grpcNumbers = {
  invalid_argument: 3,
  deadline_exceeded: 4,
  not_found: 5,
  permission_denied: 7,
  resource_exhausted: 8,
  failed_precondition: 9,
  aborted: 10,
  out_of_range: 11,
  unauthenticated: 16,
} as const;

export type SipFailureCode = keyof typeof grpcNumbers;

export interface SipFailure {
  readonly code: SipFailureCode;
  readonly msg: string;
  readonly meta: Readonly<Record<string, string>>;
}

const codesByStatus: ReadonlyMap<number, SipFailureCode> = new Map<number, SipFailureCode>([
  ...of('permission_denied', 401, 402, 403, 433, 470, 603, 607, 608),
  ...of('not_found', 404, 410, 481, 604, 301, 302),
  ...of('unauthenticated', 407, 428, 436, 437, 438, 494),
  ...of('deadline_exceeded', 408, 504),
  ...of('failed_precondition', 409, 412, 482, 483, 500, 501, 502, 503),
  ...of('out_of_range', 416),
  ...of('resource_exhausted', 440, 480, 486, 600),
  ...of('aborted', 487, 491),
]);

/** The error that a SIP status becomes, with the metadata that LiveKit's clients read. */
export function sipFailure(status: number): SipFailure {
  const code = codesByStatus.get(status) ?? 'invalid_argument';
  const phrase = phraseOf(status);
  const msg = `sip status: ${status}: ${phrase}`;
  return {
    code,
    msg,
    meta: {
      sip_status_code: String(status),
      sip_status: phrase,
      error_details: errorDetails(
        grpcNumbers[code],
        msg,
        new SIPStatus({ code: status, status: phrase }),
      ),
    },
  };
}

/** What is wrong with a request; null: nothing. Words as in LiveKit. */
export function transferFault(request: TransferSIPParticipantRequest): Fault | null {
  if (request.transferTo === '') return fault('transfer_to', 'missing transfer to');
  if (transferTarget(request.transferTo) === null)
    return fault(
      'transfer_to',
      'transfer_to must be a valid SIP(s) or TEL URI (sip:, sips: or tel:)',
    );
  const names = Object.keys(request.headers);
  if (names.length > commandLimits.headersMax)
    return fault('headers', `headers: expected ${commandLimits.headersMax} at most`);
  return null;
}

/** The URI of `transfer_to`, without angle brackets; null: it is none that a phone can be sent to. */
export function transferTarget(transferTo: string): string | null {
  const text = transferTo.trim();
  const uri = /^<(.*)>$/.exec(text)?.[1] ?? text;
  const isFit = /^(sips?|tel):[^\s<>"]+$/i.test(uri);
  return isFit && uri.length <= commandLimits.targetCharactersMax ? uri : null;
}

/** How long a transfer may take, ms. @param deadlineMs how long the client waits; null: it does not say */
export function transferTimeoutMs(
  request: TransferSIPParticipantRequest,
  deadlineMs: number | null,
): number {
  const { ringingTimeout } = request;
  const wantedMs =
    ringingTimeout === undefined
      ? commandLimits.transferMs
      : Number(ringingTimeout.seconds) * 1_000 + Math.floor(ringingTimeout.nanos / 1e6);
  const positive = wantedMs > 0 ? wantedMs : commandLimits.transferMs;
  return Math.max(1, Math.min(positive, deadlineMs ?? sipReferMs, sipReferMs));
}

function* of(code: SipFailureCode, ...statuses: number[]): Iterable<[number, SipFailureCode]> {
  for (const status of statuses) yield [status, code];
}

/** `SIP_STATUS_BUSY_HERE` reads `Busy Here`. */
function phraseOf(status: number): string {
  // LiveKit writes it in one word.
  if (status === 404) return 'Not Found';
  const name: string | undefined = SIPStatusCode[status];
  if (name === undefined) return `Status ${status}`;
  return name
    .replace(/^SIP_STATUS_/, '')
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join(' ');
}

/** google.rpc.Status with the SIP status as its one detail, in base64. */
function errorDetails(code: number, message: string, status: SIPStatus): string {
  const detail = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(`type.googleapis.com/${SIPStatus.typeName}`)
    .tag(2, WireType.LengthDelimited)
    .bytes(status.toBinary())
    .finish();
  const bytes = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(message)
    .tag(3, WireType.LengthDelimited)
    .bytes(detail)
    .finish();
  return Buffer.from(bytes).toString('base64');
}
