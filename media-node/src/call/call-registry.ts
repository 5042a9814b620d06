/**
 * All calls of the node: gives each INVITE its call id, keeps the calls that are up, and hands their records over. The INVITE that
 * answers a challenge belongs to the call that was challenged (same Call-ID and From tag within a minute), so it keeps its id; a challenge
 * that nobody answers becomes a record of its own after a while.
 */
import type { CommandResult } from '@callgate/shared/contract/command.ts';
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { registryLimits } from '@callgate/shared/limits.ts';
import type { Timer } from '../clock.ts';
import { LineLimit } from '../line-limit.ts';
import type { SipCall } from '../sip/sip-endpoint.ts';
import { Call } from './call.ts';
import { newCallId } from './call-id.ts';
import type { CallParts } from './call-parts.ts';
import type { HeaderMap } from './headers-out.ts';
import { refusal } from './sip-answers.ts';
import type { TransferOrder } from './transfer.ts';

/** A call that was challenged and may come back. */
interface Challenged {
  readonly id: string;
  readonly sequence: number;
  readonly record: CallRecord;
  readonly timer: Timer;
}

export class CallRegistry {
  readonly #parts: CallParts;
  readonly #calls = new Map<string, Call>();
  /** By Call-ID and From tag; insertion order is age. */
  readonly #challenged = new Map<string, Challenged>();
  #minRevision = 0;
  #isStopping = false;
  #onIdle: () => void = () => {};
  #onChange: () => void = () => {};

  constructor(parts: Omit<CallParts, 'refusals'>) {
    this.#parts = { ...parts, refusals: new LineLimit(parts.clock) };
  }

  /** Calls that have not ended. */
  get size(): number {
    return this.#calls.size;
  }

  /** Trace id of a call that has not ended; null: there is none of that id. */
  traceIdOf(callId: unknown): string | null {
    return typeof callId === 'string' ? (this.#calls.get(callId)?.traceId ?? null) : null;
  }

  /** Highest routing revision seen; every offer names it. */
  get minRevision(): number {
    return this.#minRevision;
  }

  /** Raises the routing revision that every offer names; lower values change nothing. */
  sawRevision(revision: number): void {
    this.#minRevision = Math.max(this.#minRevision, revision);
  }

  /** Tells whoever wants to know each time the last call has ended. One listener. */
  onIdle(fire: () => void): void {
    this.#onIdle = fire;
  }

  /** Tells whoever wants to know that a call has come or gone. One listener. */
  onChange(fire: () => void): void {
    this.#onChange = fire;
  }

  /** Whether an INVITE of this call was challenged and has not come back yet, nor too often before: one that goes on and on is as good as new calls. */
  isChallenged(callId: string, fromTag: string): boolean {
    const challenged = this.#challenged.get(callKey(callId, fromTag));
    return challenged !== undefined && challenged.sequence < registryLimits.answersUncounted;
  }

  /**
   * An INVITE that comes back to a full node is no call any more, but the same attempt: forgets that it was challenged.
   * @returns its call id, and the sequence of its next record; null: none was challenged
   */
  takeBack(
    callId: string,
    fromTag: string,
  ): { readonly id: string; readonly sequence: number } | null {
    const before = this.#takeChallenged(callKey(callId, fromTag));
    return before === null ? null : { id: before.id, sequence: before.sequence + 1 };
  }

  /** Ends a call as its application wants. false: no such call is up. */
  hangUp(callId: string, headers: HeaderMap): boolean {
    const call = this.#calls.get(callId);
    call?.hangUp(headers);
    return call !== undefined;
  }

  /** Sends a caller to somebody else. Never rejects. null: no such call is up */
  async transfer(order: TransferOrder): Promise<CommandResult | null> {
    return (await this.#calls.get(order.call_id)?.transfer(order)) ?? null;
  }

  /** Ends every call: BYE, or a refusal. */
  endAll(): void {
    for (const call of [...this.#calls.values()]) call.stop();
  }

  /** Takes a new INVITE. Never throws. */
  onInvite(sip: SipCall): void {
    if (this.#isStopping) return sip.refuse(refusal('draining', Math.random()));
    const key = callKey(sip.invite.callId, sip.invite.from.tag);
    const before = this.#takeChallenged(key);
    const id = before?.id ?? newCallId();
    const sequence = before === null ? 0 : before.sequence + 1;
    const identity = { id, sequence, minRevision: this.#minRevision };
    const call = new Call(sip, identity, this.#parts, (record) => this.#onEnded(key, record));
    this.#calls.set(id, call);
    this.#onChange();
    call.start();
  }

  /** Refuses new calls, ends those that are up, delivers what is owed. Resolves when the last one has freed its resources. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    this.endAll();
    if (this.#calls.size > 0) await idle;
    for (const key of [...this.#challenged.keys()]) this.#giveUpChallenge(key);
  }

  #onEnded(key: string, record: CallRecord): void {
    this.#calls.delete(record.call_id);
    this.#parts.dialogs?.forget(record.call_id);
    if (record.revision !== null) this.sawRevision(record.revision);
    if (record.reason === 'challenge-unanswered' && !this.#isStopping) this.#remember(key, record);
    else {
      if (record.reason === 'bad-credentials') this.#remember(key, record);
      this.#parts.edge.deliver(record);
    }
    this.#onChange();
    if (this.#calls.size === 0) this.#onIdle();
  }

  #remember(key: string, record: CallRecord): void {
    if (this.#challenged.size >= registryLimits.challengedMax) {
      const [oldest] = this.#challenged.keys();
      if (oldest !== undefined) this.#giveUpChallenge(oldest);
    }
    const timer = this.#parts.clock.after(registryLimits.challengeAnswerMs, () =>
      this.#giveUpChallenge(key),
    );
    this.#challenged.set(key, { id: record.call_id, sequence: record.sequence, record, timer });
  }

  #takeChallenged(key: string): Challenged | null {
    const challenged = this.#challenged.get(key);
    if (challenged === undefined) return null;
    challenged.timer.cancel();
    this.#challenged.delete(key);
    return challenged;
  }

  #giveUpChallenge(key: string): void {
    const challenged = this.#takeChallenged(key);
    if (challenged?.record.reason === 'challenge-unanswered')
      this.#parts.edge.deliver(challenged.record);
  }
}

/** The same for every INVITE of a call, with credentials or without. */
function callKey(callId: string, fromTag: string): string {
  return `${callId}\n${fromTag}`;
}
