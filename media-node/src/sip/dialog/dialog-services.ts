/** What a dialog needs of the endpoint around it. */
import type { Clock } from '../../clock.ts';
import type { Log } from '../../ops/log.ts';
import type { ClientTransactionEvents } from '../transaction/client-transaction.ts';
import type { RandomBytes } from '../transaction/random-token.ts';
import type { Flow, HostPort } from '../transport/transport.ts';
import type { DialogRequest } from './dialog.ts';
import type { PeerAddress } from './peer-address.ts';

export interface DialogServices {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: RandomBytes;
  /** Host and port of ours that this peer should use. */
  localFor(flow: Flow): HostPort;
  /** Contact of ours toward this peer, with its angle brackets. @param isSecure the dialog is one of sips */
  contactFor(flow: Flow, isSecure: boolean): string;
  /** Sends a request by its own transaction. @param flow how the peer was last heard */
  send(request: DialogRequest, to: PeerAddress, flow: Flow, events: ClientTransactionEvents): void;
  /** Sends an ACK: once, without a transaction. */
  sendOnce(request: DialogRequest, to: PeerAddress, flow: Flow): void;
}
