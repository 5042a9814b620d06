/**
 * Provisional answers that must arrive (RFC 3262): sent with RSeq until PRACK comes, T1 doubling, given up after 64*T1. Only for callers
 * that require it; one at a time, a later one waits for the PRACK of the one before (§3).
 */
import { sipTimers } from '@callgate/shared/limits.ts';
import type { Clock, Timer } from '../../clock.ts';
import { readDigits } from '../wire/characters.ts';
import type { SipRequest } from '../wire/message.ts';
import type { Row } from '../wire/write-message.ts';

/** Sends one answer with the rows that make it reliable, and gives a way to send it again. */
export type SendProvisional = (rows: readonly Row[]) => () => void;

interface Waiting {
  readonly send: SendProvisional;
  readonly hasDescription: boolean;
}

export class ReliableProvisional {
  readonly #clock: Clock;
  readonly #inviteNumber: number;
  readonly #onMissing: () => void;
  #number: number;
  /** The last one sent has had no PRACK. */
  #isOutstanding = false;
  #hasDescription = false;
  #resend: Timer | null = null;
  #giveUp: Timer | null = null;
  #waiting: Waiting | null = null;

  /**
   * @param firstNumber RSeq of the first answer, 1 to 2^31-1
   * @param onMissing no PRACK came: the INVITE should be refused (§3)
   */
  constructor(clock: Clock, inviteNumber: number, firstNumber: number, onMissing: () => void) {
    this.#clock = clock;
    this.#inviteNumber = inviteNumber;
    this.#number = firstNumber - 1;
    this.#onMissing = onMissing;
  }

  /** True while a description waits for its PRACK. §3: no 2xx before that. */
  get holdsFinal(): boolean {
    return this.#giveUp !== null && this.#hasDescription;
  }

  /** @param hasDescription the answer has a body that is an offer or an answer */
  send(provisional: SendProvisional, hasDescription: boolean): void {
    if (this.#giveUp !== null) {
      // Of two that wait the later one is nearer to the truth, unless the earlier brings what the caller needs.
      const keepsEarlier = this.#waiting?.hasDescription === true && !hasDescription;
      if (!keepsEarlier) this.#waiting = { send: provisional, hasDescription };
      return;
    }
    this.#number += 1;
    const again = provisional([
      ['Require', '100rel'],
      ['RSeq', String(this.#number)],
    ]);
    this.#isOutstanding = true;
    this.#hasDescription = hasDescription;
    this.#giveUp = this.#clock.after(64 * sipTimers.t1Ms, () => {
      this.stop();
      this.#onMissing();
    });
    this.#schedule(again, sipTimers.t1Ms);
  }

  /**
   * True when this PRACK is for the answer that waits for one, or did when a final answer took its place (§3: such a PRACK is answered like any
   * other). Its RAck is RSeq, CSeq number and method. What waits in the queue goes out by `proceed`.
   */
  acknowledge(prack: SipRequest): boolean {
    const [rseq = '', number = '', method = ''] = (prack.plain.get('rack') ?? '').split(' ');
    const isOurs =
      this.#isOutstanding &&
      readDigits(rseq, 10) === this.#number &&
      readDigits(number, 10) === this.#inviteNumber &&
      method === 'INVITE';
    if (!isOurs) return false;
    this.#isOutstanding = false;
    this.#stopResending();
    return true;
  }

  /** Sends what has waited for the PRACK. */
  proceed(): void {
    const next = this.#waiting;
    this.#waiting = null;
    if (next !== null) this.send(next.send, next.hasDescription);
  }

  /** A final answer was given, or the call is over. */
  stop(): void {
    this.#stopResending();
    this.#waiting = null;
  }

  #stopResending(): void {
    this.#resend?.cancel();
    this.#giveUp?.cancel();
    this.#resend = null;
    this.#giveUp = null;
  }

  #schedule(again: () => void, intervalMs: number): void {
    this.#resend = this.#clock.after(intervalMs, () => {
      again();
      this.#schedule(again, 2 * intervalMs);
    });
  }
}
