/** A request from the other side and our answers to it, INVITE or not: the table that fits, with what its user needs to know. */
import type { Clock, Timer } from '../../clock.ts';
import type { SipRequest } from '../wire/message.ts';
import { type InviteServerInput, inviteServer } from './invite-server.ts';
import { nonInviteServer } from './non-invite-server.ts';
import type { Timing } from './timing.ts';
import { Transaction, type TransactionHands } from './transaction.ts';

/** What the user of an INVITE transaction hears; of other methods it hears nothing. */
export interface ServerTransactionEvents {
  /** An ACK that belongs to a 2xx, although it has the branch of the INVITE. */
  onAck?(ack: SipRequest): void;
  /** A refusal was never acknowledged. */
  onAckMissing?(): void;
  onUnsent?(): void;
}

export interface ServerTransactionOptions {
  readonly isInvite: boolean;
  readonly timing: Timing;
  readonly clock: Clock;
  readonly ageLimitMs: number;
  readonly send: (bytes: Buffer, onFailed: () => void) => void;
  /** A final answer was given, or none ever will be: from here on it only waits for stray copies. Called once, before `onTerminated`. */
  readonly onSettled: () => void;
  readonly onTerminated: () => void;
  readonly onFault: (error: unknown) => void;
}

export class ServerTransaction {
  readonly isInvite: boolean;
  readonly #onSettled: () => void;
  #isSettled = false;
  /** A 1xx went out. */
  #hasSpoken = false;
  readonly #clock: Clock;
  /** An answer that waits for a better one. */
  #later: Timer | null = null;
  #events: ServerTransactionEvents = {};
  readonly #transaction: Transaction<string, string, SipRequest>;

  constructor(options: ServerTransactionOptions) {
    const { timing, clock, ageLimitMs } = options;
    this.#onSettled = options.onSettled;
    this.#clock = clock;
    this.isInvite = options.isInvite;
    const hands: TransactionHands<SipRequest> = {
      send: options.send,
      acknowledge: () => null,
      pass: (ack) => this.#events.onAck?.(ack),
      timedOut: () => this.#events.onAckMissing?.(),
      unsent: () => this.#events.onUnsent?.(),
      terminated: () => {
        this.#later?.cancel();
        this.#settle();
        options.onTerminated();
      },
      fault: options.onFault,
    };
    const rest = { timing, clock, ageLimitMs, hands };
    this.#transaction = this.isInvite
      ? new Transaction(inviteServer, rest)
      : new Transaction(nonInviteServer, rest);
  }

  listen(events: ServerTransactionEvents): void {
    this.#events = events;
  }

  /** True until a final answer has been given. */
  get isOpen(): boolean {
    const name = this.#transaction.stateName;
    return name === 'proceeding' || name === 'trying';
  }

  get stateName(): string {
    return this.#transaction.stateName;
  }

  /** A copy of the request, or an ACK with its branch. */
  receive(request: SipRequest): void {
    const input = request.method === 'ACK' ? 'ack' : this.isInvite ? 'invite' : 'request';
    this.#transaction.handle(input, { message: request });
    if (this.#transaction.stateName === 'confirmed') this.#letGo();
  }

  /** Sends an answer. What the state does not allow is not sent. @param bytes the whole response */
  respond(status: number, bytes: Buffer): void {
    this.#later?.cancel();
    const input = this.isInvite ? inviteInput(status, this.#hasSpoken) : otherInput(status);
    this.#hasSpoken ||= status < 200;
    this.#transaction.handle(input, { bytes });
    if (status >= 200) this.#settle();
  }

  /** Sends a 1xx after a while, unless something else is said before, or that nothing ever will be. RFC 3261 §17.2.1. */
  respondLater(ms: number, status: number, bytes: Buffer): void {
    this.#later = this.#clock.after(ms, () => this.respond(status, bytes));
  }

  /** Says nothing from here on; copies are absorbed for as long as they may come. INVITE only. */
  hush(): void {
    this.#later?.cancel();
    this.#transaction.handle('hush');
    this.#letGo();
    this.#settle();
  }

  /** Only copies come from here on: the call is not to be kept for as long as they may. */
  #letGo(): void {
    this.#events = {};
  }

  #settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#onSettled();
  }

  /** Forgets it at once. */
  end(): void {
    this.#transaction.end();
  }
}

function inviteInput(status: number, hasSpoken: boolean): InviteServerInput {
  if (status < 200) return 'provisional';
  if (status < 300) return 'success';
  return hasSpoken ? 'refusal' : 'only-answer';
}

function otherInput(status: number): 'provisional' | 'final' {
  return status < 200 ? 'provisional' : 'final';
}
