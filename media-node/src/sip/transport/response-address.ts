/** Where the answer to a request goes. RFC 3261 §18.2.2 and RFC 3581 §4. Pure. */
import { type Via, viaPort } from '../wire/via.ts';
import type { HostPort } from './transport.ts';

/**
 * Over UDP: to the address that the request came from. There to the port it came from if the client asks for that (`rport`), and also if
 * its sent-by is another address: a NAT has then changed the port as well, and the port of sent-by means nothing outside. Else to the port
 * of sent-by. A `maddr` is ignored: it would let anyone send our answers to a third party.
 */
export function responseAddress(via: Via, source: HostPort): HostPort {
  const isMapped = via.parameters.has('rport') || via.host !== source.address;
  return isMapped ? source : { address: source.address, port: viaPort(via) };
}
