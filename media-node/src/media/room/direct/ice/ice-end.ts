/**
 * One end of a way that is found by ICE (RFC 8445), as small as it can be: one UDP socket, one component, no gathering. It checks the addresses it is told of, answers the checks that come, and
 * settles on the address that is nominated. What is no STUN passes to and from that address alone.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:dgram';
import type { Clock, Timer } from '../../../../clock.ts';
import type { IceCredentials } from './ice-sdp.ts';
import {
  type Address,
  isStun,
  readStun,
  type StunMessage,
  writeCheck,
  writeSuccess,
} from './stun.ts';

export interface IceEndOptions {
  readonly local: IceCredentials;
  readonly remote: IceCredentials;
  /** This end nominates. */
  readonly isControlling: boolean;
  /** A packet from the address that was settled on; valid during the call. */
  onData(bytes: Buffer): void;
  /** Whether checks may be answered: silence is how the other side learns that the way is dead. */
  isWillingToAnswer(): boolean;
}

/** From one round of checks to the next until an address is settled on, ms: the pacing of ICE. */
const checkMs = 50;
/** And then, ms: consent is asked for every five seconds and given for thirty (RFC 7675 §5.1). */
const consentMs = 5_000;
const consentLostMs = 30_000;
/** A server has an address or two. */
const addressesMax = 32;
const transactionsMax = 64;
/** Higher than any candidate's, so that a side that has other ways as well takes this one. */
const highestPriority = 2 ** 31 - 1;

export class IceEnd {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #options: IceEndOptions;
  readonly #tieBreaker = randomBytes(8).readBigUInt64BE();
  #addresses: Address[] = [];
  /** Checks without an answer: where they went, by transaction. */
  readonly #transactions = new Map<string, Address>();
  #selected: Address | null = null;
  #heardAtMono: number;
  #timer: Timer | null = null;
  #isOver = false;

  /** Begins at once. @param socket bound; it stays the caller's */
  constructor(socket: Socket, clock: Clock, options: IceEndOptions) {
    this.#socket = socket;
    this.#clock = clock;
    this.#options = options;
    this.#heardAtMono = clock.nowMono();
    this.#checkAll();
  }

  /** The other side has been heard lately. */
  get isAlive(): boolean {
    return this.#clock.nowMono() - this.#heardAtMono < consentLostMs;
  }

  /** An address is settled on. */
  get isUp(): boolean {
    return this.#selected !== null;
  }

  /** Checks that address, too. */
  add(address: Address): void {
    if (this.#addresses.length >= addressesMax || this.#addresses.some(isSame(address))) return;
    this.#addresses.push(address);
    if (this.#selected === null) this.#check(address);
  }

  /** Sends one packet; lost as long as no address is settled on. */
  send(bytes: Buffer): void {
    if (this.#selected !== null) this.#sendTo(this.#selected, bytes);
  }

  /** Takes a datagram of the socket. */
  take(bytes: Buffer, from: Address): void {
    // Nothing can be sent to port 0, which whoever has the passwords may yet send from.
    if (this.#isOver || from.port === 0) return;
    if (!isStun(bytes)) {
      if (this.#selected === null || !isSame(from)(this.#selected)) return;
      this.#heardAtMono = this.#clock.nowMono();
      return this.#options.onData(bytes);
    }
    const message = readStun(bytes);
    if (message?.kind === 'request') this.#onRequest(message, from);
    else if (message !== null) this.#onSuccess(message, from);
  }

  close(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #onRequest(message: StunMessage, from: Address): void {
    const { local, remote, isControlling } = this.#options;
    if (message.username !== `${local.ufrag}:${remote.ufrag}`) return;
    if (!message.isBy(local.password) || !this.#options.isWillingToAnswer()) return;
    this.#heardAtMono = this.#clock.nowMono();
    this.#sendTo(from, writeSuccess(message.transaction, from, local.password));
    // A way that the other side has found and we were not told of.
    this.add(from);
    if (!isControlling && message.useCandidate) this.#selected = from;
  }

  #onSuccess(message: StunMessage, from: Address): void {
    const to = this.#transactions.get(message.transaction);
    if (to === undefined || !isSame(from)(to)) return;
    if (!message.isBy(this.#options.remote.password)) return;
    this.#transactions.delete(message.transaction);
    this.#heardAtMono = this.#clock.nowMono();
    if (this.#options.isControlling) this.#selected ??= from;
  }

  #checkAll(): void {
    for (const address of this.#selected === null ? this.#addresses : [this.#selected])
      this.#check(address);
    const waitMs = this.#selected === null ? checkMs : consentMs;
    this.#timer = this.#clock.after(waitMs, () => this.#checkAll());
  }

  #check(address: Address): void {
    const { local, remote, isControlling } = this.#options;
    const transaction = randomBytes(12).toString('hex');
    for (const oldest of this.#transactions.keys()) {
      if (this.#transactions.size < transactionsMax) break;
      this.#transactions.delete(oldest);
    }
    this.#transactions.set(transaction, address);
    const check = writeCheck({
      transaction,
      username: `${remote.ufrag}:${local.ufrag}`,
      password: remote.password,
      priority: highestPriority,
      isControlling,
      tieBreaker: this.#tieBreaker,
    });
    this.#sendTo(address, check);
  }

  /** An address that nothing goes to is one that answers nothing. */
  #sendTo({ address, port }: Address, bytes: Buffer): void {
    if (!this.#isOver) this.#socket.send(bytes, port, address, () => {});
  }
}

function isSame({ address, port }: Address): (other: Address) => boolean {
  return (other) => other.address === address && other.port === port;
}
