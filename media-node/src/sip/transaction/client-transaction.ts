/** A request of ours and the answers to it, INVITE or not. */
import type { Clock } from '../../clock.ts';
import type { SipResponse } from '../wire/message.ts';
import { inviteClient } from './invite-client.ts';
import { nonInviteClient } from './non-invite-client.ts';
import type { Timing } from './timing.ts';
import { Transaction, type TransactionHands } from './transaction.ts';

export interface ClientTransactionEvents {
  /** Every answer, provisional ones too; copies of a 2xx to INVITE again. */
  onResponse(response: SipResponse): void;
  /** Nothing final came in time: to be taken for 408. RFC 3261 §8.1.3.1. */
  onTimeout(): void;
  /** The transport cannot deliver: to be taken for 503. */
  onUnsent(): void;
}

export interface ClientTransactionOptions {
  readonly method: string;
  readonly request: Buffer;
  /** ACK for a refusal; INVITE only. */
  readonly acknowledge: (response: SipResponse) => Buffer | null;
  readonly timing: Timing;
  readonly clock: Clock;
  readonly ageLimitMs: number;
  readonly send: (bytes: Buffer, onFailed: () => void) => void;
  readonly events: ClientTransactionEvents;
  readonly onTerminated: () => void;
  readonly onFault: (error: unknown) => void;
}

export class ClientTransaction {
  readonly #isInvite: boolean;
  readonly #request: Buffer;
  readonly #transaction: Transaction<string, string, SipResponse>;

  constructor(options: ClientTransactionOptions) {
    const { timing, clock, ageLimitMs, events } = options;
    this.#isInvite = options.method === 'INVITE';
    this.#request = options.request;
    const hands: TransactionHands<SipResponse> = {
      send: options.send,
      acknowledge: options.acknowledge,
      pass: (response) => events.onResponse(response),
      timedOut: () => events.onTimeout(),
      unsent: () => events.onUnsent(),
      terminated: options.onTerminated,
      fault: options.onFault,
    };
    const rest = { timing, clock, ageLimitMs, hands };
    this.#transaction = this.#isInvite
      ? new Transaction(inviteClient, rest)
      : new Transaction(nonInviteClient, rest);
  }

  /** Sends the request. Call once. */
  start(): void {
    this.#transaction.handle('request', { bytes: this.#request });
  }

  receive(response: SipResponse): void {
    const { status } = response;
    const final = this.#isInvite ? (status < 300 ? 'success' : 'refusal') : 'final';
    this.#transaction.handle(status < 200 ? 'provisional' : final, { message: response });
  }

  end(): void {
    this.#transaction.end();
  }
}
