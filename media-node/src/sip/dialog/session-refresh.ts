/**
 * Keeps the session timer of one dialog going: refreshes when it is our turn, by UPDATE where the peer knows it, else by re-INVITE with
 * the description that stands (RFC 4028 §10), and tells when the session has died.
 */
import { sipSession } from '@callgate/shared/limits.ts';
import type { Timer } from '../../clock.ts';
import { readDigits } from '../wire/characters.ts';
import { plainList, type SipRequest, type SipResponse } from '../wire/message.ts';
import type { Row } from '../wire/write-message.ts';
import type { DialogBody } from './dialog.ts';
import type { DialogPeer, RequestResult } from './dialog-peer.ts';
import type { DialogServices } from './dialog-services.ts';
import {
  refreshRows,
  type SessionAgreement,
  SessionTimer,
  settledSession,
} from './session-timer.ts';

/** Refreshes in a row before the next half of the interval is waited for. */
const attemptsMax = 4;

export interface SessionRefreshOptions {
  readonly services: DialogServices;
  readonly peer: DialogPeer;
  readonly invite: SipRequest;
  /** Contact and Allow, as every target refresh carries them. */
  readonly rows: () => readonly Row[];
  /** The description that stands, for a re-INVITE. */
  readonly description: () => DialogBody | undefined;
  /** A refresh of ours was answered 2xx; its answer to our description, if it carried one, is in the body. */
  readonly onRefreshed: (response: SipResponse) => void;
  readonly onExpired: () => void;
}

export class SessionRefresh {
  readonly #options: SessionRefreshOptions;
  readonly #timer: SessionTimer;
  #intervalS: number = sipSession.intervalS;
  #knowsUpdate: boolean;
  #isInviting = false;
  #isStopped = false;
  /** Refreshes sent in this turn; a peer that refuses each in another way gets a rest. */
  #attempts = 0;
  #retry: Timer | null = null;

  constructor(options: SessionRefreshOptions) {
    this.#options = options;
    this.#knowsUpdate = plainList(options.invite, 'allow').includes('update');
    this.#timer = new SessionTimer(
      options.services.clock,
      () => void this.#refresh(),
      () => this.#expire(),
    );
  }

  /** True while a re-INVITE of ours is unanswered: theirs is then answered 491. RFC 3261 §14.2. */
  get isInviting(): boolean {
    return this.#isInviting;
  }

  /** Takes an agreement into force; one without a timer ends the old one. */
  agree(agreement: SessionAgreement): void {
    if (this.#isStopped || agreement.kind === 'too-small') return;
    this.#retry?.cancel();
    this.#attempts = 0;
    if (agreement.kind === 'none') return this.#timer.stop();
    this.#intervalS = agreement.intervalS;
    this.#timer.restart(agreement.intervalS, agreement.refresher);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer.stop();
    this.#retry?.cancel();
  }

  async #refresh(): Promise<void> {
    // RFC 3261 §14.1: one INVITE at a time.
    if (this.#isStopped || this.#isInviting) return;
    const { peer, rows, description } = this.#options;
    const all = [...rows(), ...refreshRows(this.#intervalS)];
    const isUpdate = this.#knowsUpdate;
    this.#isInviting = !isUpdate;
    const result = isUpdate
      ? await peer.request('UPDATE', all)
      : await peer.request('INVITE', all, description());
    this.#isInviting = false;
    if (!this.#isStopped) this.#judge(result, isUpdate);
  }

  #judge(result: RequestResult, isUpdate: boolean): void {
    // §10: no answer, 408 or 481 is the end of the session.
    if (result.kind !== 'answered') return this.#expire();
    const { response } = result;
    const { status } = response;
    if (status === 408 || status === 481) return this.#expire();
    if (status < 300) return this.#settle(response);
    this.#attempts += 1;
    if (this.#attempts >= attemptsMax) return this.#rest();
    if (status === 422) {
      const minS = readDigits(response.plain.get('min-se')?.split(';')[0] ?? '', 6);
      const wantedS = Math.max(this.#intervalS, minS ?? 2 * this.#intervalS);
      this.#intervalS = Math.min(wantedS, sipSession.maxS);
      return void this.#refresh();
    }
    if (isUpdate && (status === 405 || status === 501)) {
      this.#knowsUpdate = false;
      return void this.#refresh();
    }
    // RFC 3261 §14.1: who does not own the Call-ID tries again after 0 to 2 s, in steps of 10 ms.
    if (status === 491) {
      return this.#later(10 * (this.#options.services.random(2).readUInt16BE() % 201));
    }
    // §14.2 and §20.33: a peer that is busy with an INVITE of its own, or overloaded, says when to come again.
    const againS = readDigits(
      /^\d{1,6}/.exec(response.plain.get('retry-after') ?? '')?.[0] ?? '',
      6,
    );
    if (againS !== null && againS < this.#intervalS / 4) return this.#later(1_000 * againS);
    // Any other answer comes from a peer that is alive; the next turn tries again.
    this.#rest();
  }

  #rest(): void {
    this.#attempts = 0;
    this.#timer.restart(this.#intervalS, 'us');
  }

  #settle(response: SipResponse): void {
    this.#attempts = 0;
    this.#options.onRefreshed(response);
    const settled = settledSession(response);
    if (settled === null) return this.#timer.stop();
    this.#intervalS = settled.intervalS;
    this.#timer.restart(settled.intervalS, settled.refresher);
  }

  #later(delayMs: number): void {
    this.#retry = this.#options.services.clock.after(delayMs, () => void this.#refresh());
  }

  #expire(): void {
    if (this.#isStopped) return;
    this.stop();
    this.#options.onExpired();
  }
}
