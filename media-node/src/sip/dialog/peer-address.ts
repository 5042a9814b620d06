/**
 * Where our requests in a dialog go. By the book that is the topmost route or the Contact; but a phone behind a NAT names an address that
 * only it can see, and there the address its INVITE came from is the one that works. Pure.
 */

import type { Flow } from '../transport/transport.ts';
import type { SipRequest } from '../wire/message.ts';
import type { Uri } from '../wire/uri.ts';
import { viaPort } from '../wire/via.ts';
import type { Dialog } from './dialog.ts';

export type PeerAddress =
  /** Back along the flow of the INVITE. */
  | { readonly kind: 'source' }
  /** To whom this URI names (RFC 3263). */
  | { readonly kind: 'uri'; readonly uri: Uri };

/**
 * The source is the right answer when no proxy stands between (no route set, one Via), and either the Contact is the address that the
 * phone believes to be its own (the sent-by of its Via) although the packet came from another, or the connection that the phone has
 * opened still stands (a phone can rarely be connected to, RFC 5626 §1); and when there is no Contact at all.
 */
export function peerAddress(
  invite: SipRequest,
  dialog: Dialog,
  flow: Pick<Flow, 'remote' | 'isReliable' | 'isOpen'>,
): PeerAddress {
  const { via, viaTexts } = invite;
  const target = dialog.target;
  const [route] = dialog.routes;
  if (route !== undefined) return { kind: 'uri', uri: route.uri };
  if (target === null) return { kind: 'source' };
  if (viaTexts.length > 1) return { kind: 'uri', uri: target };
  if (flow.isReliable) return flow.isOpen ? { kind: 'source' } : { kind: 'uri', uri: target };
  const source = flow.remote;
  const namesItself = target.host === via.host && (target.port ?? 5060) === viaPort(via);
  const isElsewhere =
    via.host !== source.address || (via.parameters.has('rport') && viaPort(via) !== source.port);
  return namesItself && isElsewhere ? { kind: 'source' } : { kind: 'uri', uri: target };
}
