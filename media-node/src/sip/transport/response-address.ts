/** Where the answer to a request goes. RFC 3261 §18.2.2 and RFC 3581 §4. Pure. */
import { type Via, viaPort } from '../wire/via.ts';
import type { HostPort } from './transport.ts';

/**
 * Over UDP: to the address that the request came from, and there to the port it came from if the client asked for that (`rport`), else
 * to the port of sent-by. A `maddr` is ignored: it would let anyone send our answers to a third party.
 */
export function responseAddress(via: Via, source: HostPort): HostPort {
  return via.parameters.has('rport') ? source : { address: source.address, port: viaPort(via) };
}
