/**
 * One INVITE from the other side and the dialog that its 200 makes: the user agent server of RFC 3261 §13.3 and §15. It answers what only
 * signalling knows the answer to and hands everything else to the call; what comes inside the dialog is in-dialog-requests.ts.
 *
 *   early --2xx--> accepted --ACK--> confirmed --BYE sent--> ending --> ended
 *     +--300-699, drop--> ended          +------BYE received------------^
 */
import { sipLimits } from '@callgate/shared/limits.ts';
import type { Timer } from '../../clock.ts';
import { PartError } from '../../part-error.ts';
import { TokenBucket } from '../../token-bucket.ts';
import { traceIdOf } from '../../trace-id.ts';
import { allowRow, supportedRow } from '../capabilities.ts';
import type {
  InviteRequest,
  ReferOutcome,
  ReferRequest,
  SipAnswer,
  SipCall,
  SipCallEvents,
  SipHeader,
} from '../sip-endpoint.ts';
import { type IncomingRequest, writeResponse } from '../transaction/incoming-request.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import { readUri } from '../wire/uri.ts';
import type { Row } from '../wire/write-message.ts';
import { applicationRows } from './application-rows.ts';
import { AwaitedAcks } from './awaited-acks.ts';
import type { Dialog, DialogBody } from './dialog.ts';
import { DialogPeer } from './dialog-peer.ts';
import type { DialogServices } from './dialog-services.ts';
import { InDialogRequests } from './in-dialog-requests.ts';
import { limitInvitation } from './invitation-limit.ts';
import { bodyOf, inviteRequest } from './invite-request.ts';
import { OfferState } from './offer-state.ts';
import { ProvisionalAnswers } from './provisional-answers.ts';
import { Referral } from './referral.ts';
import { ReliableProvisional, type SendProvisional } from './reliable-provisional.ts';
import { SessionRefresh } from './session-refresh.ts';
import { agreeSession } from './session-timer.ts';

export type CallStage = 'early' | 'accepted' | 'confirmed' | 'ending' | 'ended';

export interface UasCallOptions {
  readonly incoming: IncomingRequest;
  readonly transaction: ServerTransaction;
  readonly dialog: Dialog;
  readonly services: DialogServices;
  /** The dialog is over; nothing reaches this call any more. */
  readonly onEnded: () => void;
  /** The call lets the caller in: it rings or is answered. */
  readonly onWelcome: (hasPassword: boolean) => void;
  /** The call refuses. */
  readonly onRefused: (answer: SipAnswer, isGuess: boolean) => void;
}

export class UasCall implements SipCall {
  readonly invite: InviteRequest;
  readonly dialog: Dialog;
  readonly services: DialogServices;
  readonly peer: DialogPeer;
  readonly acks: AwaitedAcks;
  readonly session: SessionRefresh;
  readonly provisionals: ProvisionalAnswers;
  readonly offers: OfferState;
  /** Our description that stands, for a refresh by re-INVITE. */
  description: DialogBody | undefined = undefined;
  referral: Referral | null = null;
  readonly #incoming: IncomingRequest;
  readonly #transaction: ServerTransaction;
  readonly #requests: InDialogRequests;
  readonly #invitation: Timer | null;
  readonly #options: UasCallOptions;
  /** Wake whoever waits in `bye` for the ACK. */
  readonly #ackWaiters = new Set<() => void>();
  #stage: CallStage = 'early';
  #hasPassword = false;
  #finalStatus: number | null = null;
  /** The 200 that the call has given while a description of ours waits for its PRACK. */
  #held: SipAnswer | null = null;
  #events: SipCallEvents | null = null;
  readonly #bucket: TokenBucket;

  constructor(options: UasCallOptions) {
    const { incoming, services, transaction, dialog } = options;
    const { request } = incoming;
    this.#incoming = incoming;
    this.#transaction = transaction;
    this.dialog = dialog;
    this.services = services;
    this.#options = options;
    this.invite = inviteRequest(incoming, services.localFor(incoming.flow));
    this.peer = new DialogPeer(dialog, incoming, services);
    this.acks = new AwaitedAcks(services.clock);
    const reliable = this.invite.requiresReliable
      ? new ReliableProvisional(services.clock, request.cseq.number, firstRSeq(services), () =>
          this.#prackMissing(),
        )
      : null;
    this.provisionals = new ProvisionalAnswers(services.clock, reliable);
    this.offers = new OfferState(this.invite.body.length > 0);
    this.session = new SessionRefresh({
      services,
      peer: this.peer,
      invite: request,
      rows: () => [this.contactRow(), allowRow],
      description: () => this.description,
      onRefreshed: (response) => {
        this.tellDialog();
        const answered = bodyOf(response);
        if (answered.body.length > 0) this.#events?.onReofferAnswer?.(answered);
      },
      onExpired: () => this.#events?.onSessionExpired?.(),
    });
    this.#requests = new InDialogRequests(this);
    const { dialogRequestsBurst, dialogRequestsPerSecond } = sipLimits;
    const now = services.clock.nowMono();
    this.#bucket = new TokenBucket(dialogRequestsBurst, dialogRequestsPerSecond, now);
    this.#invitation = limitInvitation(services.clock, request, () => this.cancel(''));
    transaction.listen({
      onAck: (ack) => this.acks.receive(ack),
      onAckMissing: () => this.#transactionTimedOut(),
      onUnsent: () => this.#unsent(),
    });
  }

  get stage(): CallStage {
    return this.#stage;
  }

  get finalStatus(): number | null {
    return this.#finalStatus;
  }

  get events(): SipCallEvents | null {
    return this.#events;
  }

  listen(events: SipCallEvents): void {
    this.#events = events;
  }

  provisional(answer: SipAnswer): void {
    if (this.#stage !== 'early' || this.#held !== null) return;
    this.#options.onWelcome(this.#hasPassword);
    const { provisionals, offers } = this;
    const { body, ...plain } = answer;
    // RFC 3262 §5: the first one that must arrive brings our offer when the INVITE has none.
    if (provisionals.areReliable && offers.stage === 'none' && body === undefined) return;
    const rows = [...this.#recordRoute(), this.contactRow(), allowRow];
    const write =
      (said: SipAnswer): SendProvisional =>
      (reliability) => {
        if (provisionals.areReliable && said.body !== undefined) offers.described();
        const bytes = this.#respond(said, [...rows, ...reliability]);
        return () => this.#transaction.respond(said.status, bytes);
      };
    provisionals.send(write(answer), body !== undefined, write(plain));
  }

  credentialsAreRight(): void {
    this.#hasPassword = true;
  }

  /** A PRACK has come and is answered. */
  acknowledged(): void {
    const held = this.#held;
    this.#held = null;
    if (held === null) this.provisionals.proceed();
    else this.accept(held);
  }

  refuse(answer: SipAnswer, isGuess = false): void {
    if (this.#stage !== 'early') return;
    this.#end();
    this.#options.onRefused(answer, isGuess);
    this.#respond(answer, []);
  }

  accept(answer: SipAnswer): void {
    if (this.#stage !== 'early' || this.#held !== null) return;
    if (this.provisionals.holdsFinal) {
      this.#held = answer;
      return;
    }
    const { request } = this.#incoming;
    const session = agreeSession(request);
    const { body, ...bare } = answer;
    const bytes = this.#respond(this.offers.isClosed ? bare : answer, [
      ...this.#recordRoute(),
      this.contactRow(),
      allowRow,
      supportedRow,
      ...(session.kind === 'agreed' ? session.rows : []),
    ]);
    this.#stage = 'accepted';
    this.#invitation?.cancel();
    this.#options.onWelcome(this.#hasPassword);
    this.provisionals.stop();
    this.offers.described();
    this.description = body;
    this.session.agree(session);
    this.acks.expect(request.cseq.number, () => this.#transaction.respond(answer.status, bytes), {
      onAck: (ack) => {
        this.offers.answered();
        this.#confirm();
        this.#events?.onAck(ack.body);
      },
      onMissing: () => {
        this.#confirm();
        this.#events?.onAckMissing();
      },
    });
    this.tellDialog();
  }

  /** Tells the call what there is to know of its dialog now. */
  tellDialog(): void {
    if (this.#stage === 'accepted' || this.#stage === 'confirmed')
      this.#events?.onDialog?.(this.peer.state);
  }

  drop(): void {
    if (this.#stage !== 'early') return;
    this.#end();
    this.#transaction.hush();
  }

  async bye(headers: readonly SipHeader[] = []): Promise<void> {
    if (this.#stage === 'accepted') {
      // RFC 3261 §15: no BYE from the callee before the ACK, or before it is clear that none will come.
      await new Promise<void>((resolve) => {
        this.#ackWaiters.add(resolve);
      });
    }
    if (this.#stage !== 'confirmed') return;
    this.#stage = 'ending';
    this.#quiet();
    await this.peer.request('BYE', this.applicationRows(headers));
    this.#end();
  }

  async refer(request: ReferRequest): Promise<ReferOutcome> {
    const { to, headers = [] } = request;
    const uri = readUri(to);
    if (uri === null || uri.scheme === 'other') {
      throw new PartError('internal', 'the URI to transfer to is no sip, sips or tel URI');
    }
    if (this.#stage !== 'confirmed') return { kind: 'ended', wasAccepted: false };
    if (this.referral !== null) throw new PartError('internal', 'a transfer is already going on');
    const referral = new Referral(this.services.clock, this.dialog.localNumber + 1, request);
    this.referral = referral;
    const rows: Row[] = [
      this.contactRow(),
      // A tel URI goes bare, as LiveKit sends it, unless its parameters would be taken for the header's (RFC 3261 §20).
      ['Refer-To', /^tel:[^;?,]*$/i.test(to) ? to : `<${to}>`],
      ['Referred-By', `<${this.dialog.localUri}>`],
      ...this.applicationRows(headers),
    ];
    void this.peer.request('REFER', rows).then((result) => referral.answered(result));
    const outcome = await referral.outcome;
    this.referral = null;
    return outcome;
  }

  /** A CANCEL for this INVITE, already answered, or the end of the time that it gave us. After a final answer it has no effect. RFC 3261 §9.2. */
  cancel(reason: string): void {
    if (this.#stage !== 'early') return;
    if (this.#held === null) return this.#events?.onCancel(reason);
    this.refuse({ status: 487, phrase: 'Request Terminated' });
    this.#events?.onBye(reason);
  }

  /** False when the caller asks more than a call may: it could take all transactions of the node for itself. */
  mayAsk(method: string): boolean {
    return method === 'BYE' || this.#bucket.take(this.services.clock.nowMono());
  }

  /** Any request of this dialog but ACK and CANCEL. */
  receive(incoming: IncomingRequest, transaction: ServerTransaction): void {
    this.peer.heardOn(incoming.flow);
    // Some phones acknowledge a re-INVITE on its own branch, as a refusal would be.
    transaction.listen({ onAck: (ack) => this.acks.receive(ack) });
    this.#requests.receive(incoming, transaction);
  }

  /** The other side has ended the dialog; its BYE is answered. */
  receiveBye(reason: string): void {
    const stage = this.#stage;
    if (stage === 'early') {
      // RFC 3261 §15: a caller may end an early dialog with BYE; the INVITE is then answered as after CANCEL.
      return this.cancel(reason);
    }
    this.#end();
    // Our own BYE has crossed theirs: the call knows that it is over.
    if (stage !== 'ending') this.#events?.onBye(reason);
  }

  /** Frees the timers and gives everything that waits its result; the endpoint closes. */
  close(): void {
    this.#stage = 'ended';
    this.#quiet();
    this.#settleAck();
    this.peer.close();
  }

  contactRow(): Row {
    return ['Contact', this.services.contactFor(this.peer.flow, this.dialog.isSecure)];
  }

  /** Headers of the call, checked; what must not go out is left out and logged. */
  applicationRows(headers: readonly SipHeader[]): readonly Row[] {
    const { rows, leftOut } = applicationRows(headers);
    if (leftOut.length > 0) {
      this.services.log('error', 'sip-header-left-out', {
        names: leftOut,
        sip_call_id: this.invite.callId,
        trace_id: traceIdOf(this.invite.callId, this.invite.from.tag),
      });
    }
    return rows;
  }

  /** The ACK has come, or will not: from here on BYE may be sent. */
  #confirm(): void {
    if (this.#stage === 'accepted') this.#stage = 'confirmed';
    this.#settleAck();
  }

  #end(): void {
    if (this.#stage === 'ended') return;
    this.#stage = 'ended';
    this.peer.leave();
    this.#quiet();
    this.#settleAck();
    // The transaction outlives the call; it must not keep it.
    this.#transaction.listen({});
    this.#options.onEnded();
  }

  /** Stops everything that would speak by itself. */
  #quiet(): void {
    this.#invitation?.cancel();
    this.acks.stop();
    this.provisionals.stop();
    this.#held = null;
    this.session.stop();
    this.referral?.ended();
  }

  #settleAck(): void {
    for (const settled of this.#ackWaiters) settled();
    this.#ackWaiters.clear();
  }

  #prackMissing(): void {
    this.#events?.onAckMissing();
    this.refuse({ status: 504, phrase: 'Server Time-out' });
  }

  /** The INVITE was never answered, or its refusal never acknowledged; the latter is of no consequence. */
  #transactionTimedOut(): void {
    if (this.#stage !== 'early') return;
    this.#end();
    this.#events?.onTransportFailed('the INVITE outlived its transaction without a final answer');
  }

  #unsent(): void {
    if (this.#stage !== 'early' && this.#stage !== 'accepted') return;
    if (this.#stage === 'early') this.#end();
    this.#events?.onTransportFailed('the answer to the INVITE could not be sent');
  }

  #respond({ status, phrase, headers = [], body }: SipAnswer, rows: readonly Row[]): Buffer {
    const bytes = writeResponse(this.#incoming, {
      status,
      phrase,
      toTag: this.dialog.localTag,
      rows: [...rows, ...this.applicationRows(headers)],
      body,
    });
    this.#transaction.respond(status, bytes);
    if (status >= 200) this.#finalStatus = status;
    return bytes;
  }

  /** Answers that make a dialog repeat the Record-Route of the INVITE. RFC 3261 §12.1.1. */
  #recordRoute(): Row[] {
    const routes = this.#incoming.request.fields.all('record-route');
    return routes.map((value): Row => ['Record-Route', value]);
  }
}

/** RFC 3262 §3: the first RSeq is random, so that PRACKs of another attempt do not match. */
function firstRSeq({ random }: DialogServices): number {
  return 1 + random(2).readUInt16BE();
}
