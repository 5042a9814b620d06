/**
 * What routing knows of a call, and the same prepared for comparison. The called number is the user part of
 * the To header (the Request-URI plays no part), the caller that of the From header, both as LiveKit reads
 * them; the source is the transport's word.
 */
import { type IpAddress, parseIpAddress } from './ip-address.ts';
import { normalizeNumber } from './normalize-number.ts';

export interface RoutedCall {
  /** `SCL_…`, becomes the attribute `sip.callID`. */
  readonly callId: string;
  /** Address of the sender of the INVITE, without port. */
  readonly source: string;
  /** User and host of the From URI; either may be empty. */
  readonly fromUser: string;
  readonly fromHost: string;
  /** User of the To URI; may be empty. */
  readonly toUser: string;
}

/** The values of a call in the form in which they are compared. */
export interface ComparedCall {
  readonly called: string;
  readonly caller: string;
  /** null: the source is no IP address, and no list of addresses lets it in. */
  readonly source: IpAddress | null;
}

export function compareForm(call: RoutedCall): ComparedCall {
  return {
    called: normalizeNumber(call.toUser),
    caller: normalizeNumber(call.fromUser),
    source: parseIpAddress(call.source),
  };
}
