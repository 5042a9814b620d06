/**
 * A dialog: what two user agents know of each other between the first answer and the BYE (RFC 3261 §12). Pure bookkeeping: tags, CSeq
 * numbers, the remote target and the route set, and the requests that follow from them.
 */
import { sipLimits } from '@callgate/shared/limits.ts';
import type { DialogState } from '../sip-endpoint.ts';
import type { SipMessage, SipRequest } from '../wire/message.ts';
import { type NameAddr, readNameAddr, splitList } from '../wire/name-addr.ts';
import { readUri, type Uri } from '../wire/uri.ts';
import type { Row } from '../wire/write-message.ts';

/** A request in a dialog but for its Via. */
export interface DialogRequest {
  readonly method: string;
  readonly uri: string;
  readonly rows: readonly Row[];
  readonly body?: Buffer;
}

export interface DialogBody {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** Contact and routes that no dialog can be made of, in words. */
export type DialogFault = 'contact' | 'record-route';

/** Hops of a request that a sane network has. */
const maxForwards = '70';

export class Dialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly #localText: string;
  readonly #remoteText: string;
  /** Route URIs, the first hop first. RFC 3261 §12.1.1. */
  readonly routes: readonly NameAddr[];
  #target: NameAddr | null;
  /** Where requests go when the caller sent no Contact: livekit/sip takes From too. */
  readonly #fallbackTarget: NameAddr;
  #localNumber: number;
  #remoteNumber: number;

  /** @param invite has passed `dialogFault` */
  constructor(invite: SipRequest, localTag: string, firstLocalNumber: number) {
    this.callId = invite.callId;
    this.localTag = localTag;
    this.remoteTag = invite.fromTag;
    this.localUri = invite.to.uriText;
    this.#localText = `${invite.fields.first('to') ?? ''};tag=${localTag}`;
    this.#remoteText = invite.fields.first('from') ?? '';
    this.routes = readAddresses(invite, 'record-route') ?? [];
    this.#target = readAddresses(invite, 'contact')?.[0] ?? null;
    this.#fallbackTarget = invite.from;
    const hop = this.routes[0]?.uri ?? this.target;
    this.isSecure = readUri(invite.uri)?.scheme === 'sips' || hop?.scheme === 'sips';
    this.#localNumber = firstLocalNumber;
    this.#remoteNumber = invite.cseq.number;
  }

  /** Our own URI, as the caller wrote it in To. */
  readonly localUri: string;

  /** Asked for with a sips URI: our Contact has to be one (RFC 3261 §12.1.1). */
  readonly isSecure: boolean;

  /** Contact of the other side; null when it sent none. */
  get target(): Uri | null {
    return this.#target?.uri ?? null;
  }

  /** CSeq number of our last request. */
  get localNumber(): number {
    return this.#localNumber;
  }

  /** Takes a number from the other side; false when it is not higher than the last. RFC 3261 §12.2.2. */
  takeRemoteNumber(number: number): boolean {
    if (number <= this.#remoteNumber) return false;
    this.#remoteNumber = number;
    return true;
  }

  /** A target refresh (re-INVITE, UPDATE) or a 2xx to one of ours may move the other side. RFC 3261 §12.2.2 and §12.2.1.2. */
  refreshTarget(message: SipMessage): void {
    const contact = readAddresses(message, 'contact')?.[0];
    if (contact !== undefined && isSip(contact.uri)) this.#target = contact;
  }

  /** A new request of ours. RFC 3261 §12.2.1.1. */
  request(method: string, rows: readonly Row[], body?: DialogBody): DialogRequest {
    this.#localNumber += 1;
    const request = this.numbered(method, this.#localNumber, rows);
    if (body === undefined) return request;
    const typed: readonly Row[] = [...request.rows, ['Content-Type', body.contentType]];
    return { ...request, rows: typed, body: body.bytes };
  }

  /** A request with a number of its own choice: ACK has that of its INVITE. */
  numbered(method: string, number: number, rows: readonly Row[]): DialogRequest {
    return dialogRequest(this.ends, method, number, rows);
  }

  /** What its requests are made of. */
  get ends(): DialogEnds {
    return {
      callId: this.callId,
      from: this.#localText,
      to: this.#remoteText,
      target: (this.#target ?? this.#fallbackTarget).uriText,
      routes: this.routes.map(({ uriText }) => uriText),
    };
  }
}

/** Both ends of a dialog and the way between. */
export type DialogEnds = Pick<DialogState, 'callId' | 'from' | 'to' | 'target' | 'routes'>;

/** A request in a dialog, of this process or of an earlier one. RFC 3261 §12.2.1.1. */
export function dialogRequest(
  { callId, from, to, target, routes }: DialogEnds,
  method: string,
  number: number,
  rows: readonly Row[],
): DialogRequest {
  const [first] = routes;
  const isStrict = first !== undefined && readUri(first)?.parameters.has('lr') !== true;
  // A strict router wants itself in the Request-URI and the target last.
  const way = isStrict ? [...routes.slice(1), target] : routes;
  return {
    method,
    uri: withoutHeaders(isStrict ? first : target),
    rows: [
      ['Max-Forwards', maxForwards],
      ...way.map((uri): Row => ['Route', `<${uri}>`]),
      ['From', from],
      ['To', to],
      ['Call-ID', callId],
      ['CSeq', `${number} ${method}`],
      ...rows,
    ],
  };
}

/** Key of a dialog from our side. RFC 3261 §12. */
export function dialogKey(callId: string, localTag: string, remoteTag: string): string {
  return `${callId}\n${localTag}\n${remoteTag}`;
}

/** What stands in the way of a dialog with the sender of this INVITE; null when nothing does. */
export function dialogFault(invite: SipRequest): DialogFault | null {
  const contacts = readAddresses(invite, 'contact');
  if (contacts === null || contacts.some(({ uri }) => !isSip(uri))) return 'contact';
  const routes = readAddresses(invite, 'record-route');
  if (routes === null || routes.length > sipLimits.routesMax) return 'record-route';
  if (routes.some(({ uri }) => !isSip(uri))) return 'record-route';
  return null;
}

/** True when a re-INVITE or UPDATE names a target that nothing can be sent to. Naming none keeps the old one. */
export function targetFault(request: SipRequest): boolean {
  const contacts = readAddresses(request, 'contact');
  return contacts === null || contacts.some(({ uri }) => !isSip(uri));
}

/** A Request-URI carries no header fields. RFC 3261 §19.1.1 table 1. */
function withoutHeaders(uriText: string): string {
  const uri = readUri(uriText);
  return uri === null || uri.headers === '' ? uriText : uriText.slice(0, -(uri.headers.length + 1));
}

function readAddresses(message: SipMessage, key: string): NameAddr[] | null {
  const addresses: NameAddr[] = [];
  for (const value of message.fields.all(key)) {
    for (const text of splitList(value) ?? ['']) {
      const address = readNameAddr(text);
      if (address === null) return null;
      addresses.push(address);
    }
  }
  return addresses;
}

function isSip({ scheme }: Uri): boolean {
  return scheme === 'sip' || scheme === 'sips';
}
