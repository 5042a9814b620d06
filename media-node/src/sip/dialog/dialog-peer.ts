/** The other side of a dialog as one sends requests to it: numbered, addressed, and each with exactly one result, whatever happens. */

import type { DialogState } from '../sip-endpoint.ts';
import type { ClientTransactionEvents } from '../transaction/client-transaction.ts';
import type { IncomingRequest } from '../transaction/incoming-request.ts';
import type { Flow } from '../transport/transport.ts';
import type { SipRequest, SipResponse } from '../wire/message.ts';
import type { Row } from '../wire/write-message.ts';
import type { Dialog, DialogBody } from './dialog.ts';
import type { DialogServices } from './dialog-services.ts';
import { type PeerAddress, peerAddress } from './peer-address.ts';

/** What became of a request of ours. */
export type RequestResult =
  | { readonly kind: 'answered'; readonly response: SipResponse }
  /** To be taken for 408. */
  | { readonly kind: 'timeout' }
  /** It could not be sent, or the endpoint closed. */
  | { readonly kind: 'unsent' };

export class DialogPeer {
  readonly #dialog: Dialog;
  readonly #services: DialogServices;
  readonly #invite: SipRequest;
  readonly #pending = new Set<(result: RequestResult) => void>();
  #flow: Flow;
  #release: () => void;

  constructor(dialog: Dialog, invite: IncomingRequest, services: DialogServices) {
    this.#dialog = dialog;
    this.#services = services;
    this.#invite = invite.request;
    this.#flow = invite.flow;
    this.#release = invite.flow.hold();
  }

  /** The peer was heard on this flow last: its NAT may have moved it, its connection may be a new one. */
  heardOn(flow: Flow): void {
    if (flow === this.#flow) return;
    this.#release();
    this.#flow = flow;
    this.#release = flow.hold();
  }

  /** The dialog is over. */
  leave(): void {
    this.#release();
    this.#release = () => {};
  }

  get flow(): Flow {
    return this.#flow;
  }

  /** Number of the last request sent. */
  get lastNumber(): number {
    return this.#dialog.localNumber;
  }

  /** Sends a request and resolves with its final result. An INVITE that succeeds is acknowledged, each copy of its 200 too. */
  request(method: string, rows: readonly Row[], body?: DialogBody): Promise<RequestResult> {
    const request = this.#dialog.request(method, rows, body);
    const { localNumber } = this.#dialog;
    return new Promise((resolve) => {
      const settle = (result: RequestResult) => {
        this.#pending.delete(settle);
        resolve(result);
      };
      this.#pending.add(settle);
      const events: ClientTransactionEvents = {
        onResponse: (response) => {
          if (response.status < 200) return;
          if (response.status < 300) this.#succeeded(method, response, localNumber);
          settle({ kind: 'answered', response });
        },
        onTimeout: () => settle({ kind: 'timeout' }),
        onUnsent: () => settle({ kind: 'unsent' }),
      };
      this.#services.send(request, this.#address(), this.#flow, events);
    });
  }

  /** What another process would need to end the dialog. It has none of our connections. */
  get state(): DialogState {
    const { transport, local, remote, isReliable } = this.#flow;
    const flow = { remote, isReliable, isOpen: false };
    return {
      ...this.#dialog.ends,
      localNumber: this.#dialog.localNumber,
      source: { address: remote.address, port: remote.port, transport },
      local: { address: local.address, port: local.port },
      isToSource: peerAddress(this.#invite, this.#dialog, flow).kind === 'source',
    };
  }

  /** Gives every request that still waits its result. */
  close(): void {
    this.leave();
    for (const settle of [...this.#pending]) settle({ kind: 'unsent' });
  }

  /** A target refresh that succeeds may move the peer; an INVITE is acknowledged where it is then. */
  #succeeded(method: string, response: SipResponse, number: number): void {
    if (method !== 'INVITE' && method !== 'UPDATE') return;
    this.#dialog.refreshTarget(response);
    if (method === 'INVITE') this.#acknowledge(number);
  }

  #acknowledge(number: number): void {
    const ack = this.#dialog.numbered('ACK', number, []);
    this.#services.sendOnce(ack, this.#address(), this.#flow);
  }

  #address(): PeerAddress {
    return peerAddress(this.#invite, this.#dialog, this.#flow);
  }
}
