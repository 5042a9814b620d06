/** Which transaction a message belongs to. RFC 3261 §17.1.3 and §17.2.3. */
import type { SipRequest, SipResponse } from '../wire/message.ts';
import { type Via, viaPort } from '../wire/via.ts';

/** Every branch of an RFC 3261 element begins with it, so that it is known to be unique. §8.1.1.7. */
export const branchCookie = 'z9hG4bK';

/**
 * Key of the server transaction of a request; an ACK has that of its INVITE. Branch, sent-by and method; sent-by because two clients may
 * choose the same branch, by accident or malice.
 */
export function serverKey(request: SipRequest): string {
  return keyAs(request, request.method === 'ACK' ? 'INVITE' : request.method);
}

/** Key of the INVITE transaction that a CANCEL means. §9.2. */
export function cancelledKey(cancel: SipRequest): string {
  return keyAs(cancel, 'INVITE');
}

/** Key of the client transaction that a response answers. */
export function clientKey(response: SipResponse): string {
  return clientKeyOf(response.via.parameters.get('branch') ?? '', response.cseq.method);
}

export function clientKeyOf(branch: string, method: string): string {
  return `${branch}\n${method}`;
}

/** Requests that are copies of one request by different paths have this in common. §8.2.2.2. */
export function mergeKey(request: SipRequest): string {
  return `${request.callId}\n${request.fromTag}\n${request.cseq.number}\n${request.method}`;
}

function keyAs(request: SipRequest, method: string): string {
  const branch = request.via.parameters.get('branch') ?? '';
  // The cookie alone promises nothing: nothing unique follows it (RFC 4475 §3.2.1).
  if (branch.startsWith(branchCookie) && branch.length > branchCookie.length) {
    return `${branch}\n${sentBy(request.via)}\n${method}`;
  }
  // RFC 2543 clients: all that identifies the request, the To tag left out because an ACK has ours.
  const { uri, fromTag, callId, cseq, viaTexts } = request;
  return ['2543', uri, fromTag, callId, cseq.number, viaTexts[0], method].join('\n');
}

function sentBy(via: Via): string {
  return `${via.host} ${viaPort(via)}`;
}
