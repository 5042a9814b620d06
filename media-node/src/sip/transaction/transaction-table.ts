/** All transactions that are alive, found by their keys, bounded in number. Each has an age limit of its own. RFC 3261 §17. */
import { callLimits, sipLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../../clock.ts';
import { responseAddress } from '../transport/response-address.ts';
import type { SipRequest, SipResponse } from '../wire/message.ts';
import { ClientTransaction, type ClientTransactionEvents } from './client-transaction.ts';
import type { IncomingRequest } from './incoming-request.ts';
import { ServerTransaction } from './server-transaction.ts';
import { giveUpMs, standardTiming } from './timing.ts';
import { clientKey, clientKeyOf, mergeKey, serverKey } from './transaction-key.ts';

/** A request of ours, written and addressed. */
export interface OutgoingRequest {
  readonly method: string;
  readonly branch: string;
  readonly bytes: Buffer;
  readonly isReliable: boolean;
  readonly send: (bytes: Buffer, onFailed: () => void) => void;
  readonly acknowledge: (response: SipResponse) => Buffer | null;
  readonly onTerminated: () => void;
}

export interface TransactionTableOptions {
  readonly clock: Clock;
  readonly onFault: (error: unknown) => void;
  readonly onUnsent: (why: string) => void;
}

export class TransactionTable {
  readonly #options: TransactionTableOptions;
  readonly #servers = new Map<string, ServerTransaction>();
  readonly #clients = new Map<string, ClientTransaction>();
  /** INVITE transactions by what copies of one INVITE have in common. */
  readonly #merges = new Map<string, ServerTransaction>();
  /** INVITEs that have no final answer yet. */
  #openInvites = 0;

  constructor(options: TransactionTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#servers.size + this.#clients.size;
  }

  /** The transaction that this request (or ACK) is part of. */
  serverOf(request: SipRequest): ServerTransaction | null {
    return this.#servers.get(serverKey(request)) ?? null;
  }

  serverByKey(key: string): ServerTransaction | null {
    return this.#servers.get(key) ?? null;
  }

  clientOf(response: SipResponse): ClientTransaction | null {
    return this.#clients.get(clientKey(response)) ?? null;
  }

  /** True when the same request came by another path and is being served. RFC 3261 §8.2.2.2. */
  isMerged(request: SipRequest): boolean {
    return this.#merges.has(mergeKey(request));
  }

  /** Starts a server transaction; null when there are as many as there may be. */
  openServer(incoming: IncomingRequest): ServerTransaction | null {
    const { request, flow } = incoming;
    const isInvite = request.method === 'INVITE';
    if (this.#servers.size >= sipLimits.serverTransactionsMax) return null;
    if (isInvite && this.#openInvites >= sipLimits.openInvitesMax) return null;

    const key = serverKey(request);
    const merge = mergeKey(request);
    const { clock, onFault, onUnsent } = this.#options;
    const timing = standardTiming(flow.isReliable);
    const to = responseAddress(request.via, flow.remote);
    const transaction = new ServerTransaction({
      isInvite,
      timing,
      clock,
      // An INVITE may ring for as long as a call may, then its answer is resent; all else is answered at once.
      ageLimitMs: (isInvite ? callLimits.ringingMaxMs : 0) + 2 * giveUpMs(timing),
      // Only what is needed to answer is kept: the request itself would cost tenfold for as long as copies may come.
      send: (bytes, onFailed) =>
        flow.send(bytes, to, (why) => {
          onUnsent(why);
          onFailed();
        }),
      onSettled: () => {
        if (isInvite) this.#openInvites -= 1;
      },
      onTerminated: () => {
        this.#servers.delete(key);
        if (isInvite && this.#merges.get(merge) === transaction) this.#merges.delete(merge);
      },
      onFault,
    });
    this.#servers.set(key, transaction);
    if (isInvite) {
      this.#openInvites += 1;
      this.#merges.set(merge, transaction);
    }
    return transaction;
  }

  /** Starts a client transaction and sends the request. */
  openClient(request: OutgoingRequest, events: ClientTransactionEvents): ClientTransaction {
    const { clock, onFault } = this.#options;
    const key = clientKeyOf(request.branch, request.method);
    const timing = standardTiming(request.isReliable);
    const transaction = new ClientTransaction({
      method: request.method,
      request: request.bytes,
      acknowledge: request.acknowledge,
      timing,
      clock,
      ageLimitMs:
        (request.method === 'INVITE' ? callLimits.ringingMaxMs : 0) + 2 * giveUpMs(timing),
      send: request.send,
      events,
      onTerminated: () => {
        this.#clients.delete(key);
        request.onTerminated();
      },
      onFault,
    });
    this.#clients.set(key, transaction);
    transaction.start();
    return transaction;
  }

  /** Forgets everything at once. */
  close(): void {
    for (const transaction of [...this.#servers.values(), ...this.#clients.values()]) {
      transaction.end();
    }
  }
}
