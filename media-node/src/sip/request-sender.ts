/** Sends our requests: finds the peer, writes the Via, opens the client transaction, and takes answers only from whom they may come. */
import { isIPv6 } from 'node:net';
import type { DialogRequest } from './dialog/dialog.ts';
import type { PeerAddress } from './dialog/peer-address.ts';
import type { OwnAddresses } from './own-addresses.ts';
import type { ClientTransactionEvents } from './transaction/client-transaction.ts';
import { type RandomBytes, randomToken } from './transaction/random-token.ts';
import { branchCookie } from './transaction/transaction-key.ts';
import type { TransactionTable } from './transaction/transaction-table.ts';
import { locate, type NameResolver } from './transport/locate.ts';
import type { Flow, HostPort, Transport } from './transport/transport.ts';
import type { SipResponse } from './wire/message.ts';
import { writeHostPort } from './wire/uri.ts';
import { viaPort } from './wire/via.ts';
import { type Row, writeMessage } from './wire/write-message.ts';

export interface RequestSenderParts {
  readonly transactions: TransactionTable;
  readonly transport: Transport;
  readonly addresses: OwnAddresses;
  readonly resolver: NameResolver;
  readonly random: RandomBytes;
  readonly onUnsent: (why: string) => void;
}

/** What a response must show to be taken for an answer to a request of ours. */
interface Expected {
  readonly sentBy: HostPort;
  readonly peer: string;
}

export class RequestSender {
  readonly #parts: RequestSenderParts;
  /** By branch, for as long as its transaction lives. */
  readonly #expected = new Map<string, Expected>();

  constructor(parts: RequestSenderParts) {
    this.#parts = parts;
  }

  send(request: DialogRequest, to: PeerAddress, near: Flow, events: ClientTransactionEvents): void {
    if (to.kind === 'source') return this.#transmit(request, near, near.remote, events);
    const { transport, resolver, onUnsent } = this.#parts;
    const options = {
      transport: near.transport,
      isIPv6: isIPv6(near.remote.address),
      resolver,
    };
    locate(to.uri, options).then(
      (peer) => this.#transmit(request, transport.flowTo(peer), peer, events),
      (error: unknown) => {
        onUnsent(
          `${request.method} cannot be sent: ${error instanceof Error ? error.message : ''}`,
        );
        events.onUnsent();
      },
    );
  }

  /** Hands a response to its transaction. Nothing else than an answer from the peer to our own Via is one. RFC 3261 §18.1.2. */
  receive(response: SipResponse, source: HostPort): void {
    const { via } = response;
    const expected = this.#expected.get(via.parameters.get('branch') ?? '');
    if (expected === undefined || expected.peer !== source.address) return;
    const { address, port } = expected.sentBy;
    if (via.host !== address.toLowerCase() || viaPort(via) !== port) return;
    this.#parts.transactions.clientOf(response)?.receive(response);
  }

  #transmit(
    request: DialogRequest,
    flow: Flow,
    peer: HostPort,
    events: ClientTransactionEvents,
  ): void {
    const { transactions, addresses, random, onUnsent } = this.#parts;
    const { method, uri, rows } = request;
    const branch = branchCookie + randomToken(random);
    const sentBy = addresses.for(flow);
    const transport = flow.transport.toUpperCase();
    const via: Row = [
      'Via',
      `SIP/2.0/${transport} ${writeHostPort(sentBy.address, sentBy.port)};branch=${branch};rport`,
    ];
    const bytes = writeMessage({ start: { kind: 'request', method, uri }, rows: [via, ...rows] });
    this.#expected.set(branch, { sentBy, peer: peer.address });
    transactions.openClient(
      {
        method,
        branch,
        bytes,
        isReliable: flow.isReliable,
        send: (message, onFailed) =>
          flow.send(message, peer, (why) => {
            onUnsent(why);
            onFailed();
          }),
        acknowledge: () => null,
        onTerminated: () => this.#expected.delete(branch),
      },
      events,
    );
  }
}
