/** Sends our requests: finds the peer, writes the Via, opens the client transaction, and takes answers only from whom they may come. */
import { isIPv6 } from 'node:net';
import type { DialogRequest } from './dialog/dialog.ts';
import type { PeerAddress } from './dialog/peer-address.ts';
import type { OwnAddresses } from './own-addresses.ts';
import type { ClientTransactionEvents } from './transaction/client-transaction.ts';
import { type RandomBytes, randomToken } from './transaction/random-token.ts';
import { branchCookie } from './transaction/transaction-key.ts';
import type { TransactionTable } from './transaction/transaction-table.ts';
import { literalPeer, locate, type NameResolver } from './transport/locate.ts';
import type { Flow, HostPort, Peer, TransportName } from './transport/transport.ts';
import type { TransportSet } from './transport/transport-set.ts';
import { readHost, writeHost } from './wire/host.ts';
import type { SipResponse } from './wire/message.ts';
import { type Uri, writeHostPort } from './wire/uri.ts';
import { viaPort } from './wire/via.ts';
import { type Row, writeMessage } from './wire/write-message.ts';

export interface RequestSenderParts {
  readonly transactions: TransactionTable;
  readonly transports: Pick<TransportSet, 'flowTo'>;
  readonly addresses: OwnAddresses;
  readonly resolver: NameResolver;
  readonly random: RandomBytes;
  readonly onUnsent: (why: string) => void;
}

/** How a peer was heard: enough to choose the listener that a request goes out by. */
export type Near = Pick<Flow, 'transport' | 'local' | 'remote'>;

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

  /** Sends a request by a transaction of its own; exactly one final event follows. */
  send(request: DialogRequest, to: PeerAddress, near: Flow, events: ClientTransactionEvents): void {
    this.#reach(
      request,
      to,
      near,
      (flow, peer) => this.#transmit(request, flow, peer, events),
      () => events.onUnsent(),
    );
  }

  /** Sends a request as `send` does, to whom a URI names (RFC 3263). */
  sendToUri(request: DialogRequest, uri: Uri, near: Near, events: ClientTransactionEvents): void {
    this.#find(
      request,
      uri,
      near,
      null,
      (flow, peer) => this.#transmit(request, flow, peer, events),
      () => events.onUnsent(),
    );
  }

  /** Sends an ACK for a 2xx: no transaction, no answer. RFC 3261 §13.2.2.4. */
  sendOnce(request: DialogRequest, to: PeerAddress, near: Flow): void {
    const { onUnsent } = this.#parts;
    this.#reach(
      request,
      to,
      near,
      (flow, peer) => flow.send(this.#write(request, flow).bytes, peer, onUnsent),
      () => {},
    );
  }

  /** Finds the flow that a request goes by: at once where no name has to be looked up. */
  #reach(
    request: DialogRequest,
    to: PeerAddress,
    near: Flow,
    onReached: (flow: Flow, peer: HostPort) => void,
    onLost: () => void,
  ): void {
    if (to.kind === 'source') this.#hand(request, () => onReached(near, near.remote), onLost);
    else this.#find(request, to.uri, near, near, onReached, onLost);
  }

  /** What cannot be written or connected is not sent; it throws into no call. */
  #hand({ method }: DialogRequest, reach: () => void, onLost: () => void): void {
    try {
      reach();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#parts.onUnsent(`${method} cannot be sent: ${why}`);
      onLost();
    }
  }

  /** @param heardOn the connection that the peer was heard on: what leads to the same address goes by it, as the peer may take no other */
  #find(
    request: DialogRequest,
    uri: Uri,
    near: Near,
    heardOn: Flow | null,
    onReached: (flow: Flow, peer: HostPort) => void,
    onLost: () => void,
  ): void {
    const { transports, resolver } = this.#parts;
    const transport = transportOf(uri, near.transport);
    const options = { transport, isIPv6: isIPv6(near.remote.address), resolver };
    const lost = (why: string) => {
      this.#parts.onUnsent(`${request.method} has no way to go: ${why}`);
      onLost();
    };
    const reach = (peer: Peer) =>
      this.#hand(
        request,
        () => {
          if (heardOn !== null && isOpenTo(heardOn, peer, transport)) {
            return onReached(heardOn, heardOn.remote);
          }
          const flow = transports.flowTo(peer, transport, near);
          if (flow === null) lost(`no listener for ${transport}`);
          else onReached(flow, peer);
        },
        onLost,
      );
    const here = literalPeer(uri, options);
    if (here !== null) return reach(here);
    locate(uri, options).then(
      (peer) => reach({ ...peer, name: uri.host }),
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        // DNS may be away while the peer is not: it was heard from somewhere. By another transport it was not heard as whom the URI names.
        if (transport !== near.transport) return lost(why);
        this.#parts.onUnsent(`${request.method} goes to where its peer was heard: ${why}`);
        reach(near.remote);
      },
    );
  }

  /** Hands a response to its transaction. Nothing else than an answer from the peer to our own Via is one. RFC 3261 §18.1.2. */
  receive(response: SipResponse, source: HostPort): void {
    const { via } = response;
    const expected = this.#expected.get(via.parameters.get('branch') ?? '');
    if (expected === undefined || expected.peer !== source.address) return;
    const { address, port } = expected.sentBy;
    if (via.host !== address || viaPort(via) !== port) return;
    this.#parts.transactions.clientOf(response)?.receive(response);
  }

  #transmit(
    request: DialogRequest,
    flow: Flow,
    peer: HostPort,
    events: ClientTransactionEvents,
  ): void {
    const { transactions, onUnsent } = this.#parts;
    const { method } = request;
    const { bytes, branch, sentBy, via } = this.#write(request, flow);
    const send = (message: Buffer, onFailed: () => void) =>
      flow.send(message, peer, (why) => {
        onUnsent(why);
        onFailed();
      });
    // As it is read from the Via of an answer.
    const address = readHost(writeHost(sentBy.address)) ?? sentBy.address;
    this.#expected.set(branch, { sentBy: { ...sentBy, address }, peer: peer.address });
    transactions.openClient(
      {
        method,
        branch,
        bytes,
        isReliable: flow.isReliable,
        send,
        acknowledge: (response) => refusalAck(request, via, response),
        onTerminated: () => this.#expected.delete(branch),
      },
      events,
    );
  }

  #write(request: DialogRequest, flow: Flow) {
    const { addresses, random } = this.#parts;
    const { method, uri, rows, body } = request;
    const branch = branchCookie + randomToken(random);
    const sentBy = addresses.for(flow);
    const transport = flow.transport.toUpperCase();
    const host = writeHostPort(sentBy.address, sentBy.port);
    const via: Row = ['Via', `SIP/2.0/${transport} ${host};branch=${branch};rport`];
    const bytes = writeMessage({
      start: { kind: 'request', method, uri },
      rows: [via, ...rows],
      ...(body === undefined ? {} : { body }),
    });
    return { bytes, branch, sentBy, via };
  }
}

/** A connection to this address, whatever port the other side has opened it from (RFC 5923 in spirit). */
function isOpenTo(flow: Flow, peer: HostPort, transport: TransportName): boolean {
  const isSame = flow.transport === transport && flow.remote.address === peer.address;
  return isSame && flow.isReliable && flow.isOpen;
}

/** What a URI asks for, else what the peer was heard by. RFC 3263 §4.1 without NAPTR: whom we send to has called us. */
function transportOf({ scheme, parameters }: Uri, heardBy: TransportName): TransportName {
  if (scheme === 'sips') return 'tls';
  const named = parameters.get('transport')?.toLowerCase();
  return named === 'udp' || named === 'tcp' || named === 'tls' ? named : heardBy;
}

/** ACK of a refusal: as the INVITE, with the To of the answer, on the branch of the INVITE. RFC 3261 §17.1.1.3. */
function refusalAck(invite: DialogRequest, via: Row, response: SipResponse): Buffer {
  const kept = new Set(['Max-Forwards', 'Route', 'From', 'Call-ID']);
  return writeMessage({
    start: { kind: 'request', method: 'ACK', uri: invite.uri },
    rows: [
      via,
      ...invite.rows.filter(([name]) => kept.has(name)),
      ['To', response.fields.first('to') ?? ''],
      ['CSeq', `${response.cseq.number} ACK`],
    ],
  });
}
