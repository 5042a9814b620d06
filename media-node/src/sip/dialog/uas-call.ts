/**
 * One INVITE from the other side and the dialog that its 200 makes: the user agent server of RFC 3261 §13.3 and §15. It answers what only
 * signalling knows the answer to and hands everything else to the call; what comes inside the dialog is in-dialog-requests.ts.
 *
 *   early --2xx--> accepted --ACK--> confirmed --BYE sent--> ending --> ended
 *     +--300-699, drop--> ended          +------BYE received------------^
 */
import { PartError } from '../../part-error.ts';
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
import { plainList } from '../wire/message.ts';
import { readUri } from '../wire/uri.ts';
import type { Row } from '../wire/write-message.ts';
import { applicationRows } from './application-rows.ts';
import { AwaitedAcks } from './awaited-acks.ts';
import type { Dialog, DialogBody } from './dialog.ts';
import { DialogPeer } from './dialog-peer.ts';
import type { DialogServices } from './dialog-services.ts';
import { InDialogRequests } from './in-dialog-requests.ts';
import { inviteRequest } from './invite-request.ts';
import { Referral } from './referral.ts';
import { ReliableProvisional } from './reliable-provisional.ts';
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
  readonly onWelcome: () => void;
  /** The call refuses. */
  readonly onRefused: (answer: SipAnswer) => void;
}

export class UasCall implements SipCall {
  readonly invite: InviteRequest;
  readonly dialog: Dialog;
  readonly services: DialogServices;
  readonly peer: DialogPeer;
  readonly acks: AwaitedAcks;
  readonly session: SessionRefresh;
  /** Waits for PRACK; null unless the caller requires reliable provisional answers. */
  readonly reliable: ReliableProvisional | null;
  /** Our description that stands, for a refresh by re-INVITE. */
  description: DialogBody | undefined = undefined;
  referral: Referral | null = null;
  readonly #incoming: IncomingRequest;
  readonly #transaction: ServerTransaction;
  readonly #requests: InDialogRequests;
  readonly #options: UasCallOptions;
  /** Wake whoever waits in `bye` for the ACK. */
  readonly #ackWaiters = new Set<() => void>();
  #stage: CallStage = 'early';
  #events: SipCallEvents | null = null;

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
    this.reliable = plainList(request, 'require').includes('100rel')
      ? new ReliableProvisional(services.clock, request.cseq.number, firstRSeq(services), () =>
          this.refuse({ status: 504, phrase: 'PRACK Missing' }),
        )
      : null;
    this.session = new SessionRefresh({
      services,
      peer: this.peer,
      invite: request,
      rows: () => [this.contactRow(), allowRow],
      description: () => this.description,
      onExpired: () => this.#events?.onSessionExpired?.(),
    });
    this.#requests = new InDialogRequests(this);
    transaction.listen({
      onAck: (ack) => this.acks.receive(ack),
      onAckMissing: () => this.#transactionTimedOut(),
      onUnsent: () => this.#unsent(),
    });
  }

  get stage(): CallStage {
    return this.#stage;
  }

  get events(): SipCallEvents | null {
    return this.#events;
  }

  listen(events: SipCallEvents): void {
    this.#events = events;
  }

  provisional(answer: SipAnswer): void {
    if (this.#stage !== 'early') return;
    this.#options.onWelcome();
    const rows = [...this.#recordRoute(), this.contactRow(), allowRow];
    if (this.reliable === null) {
      this.#respond(answer, rows);
      return;
    }
    this.reliable.send((reliability) => {
      const bytes = this.#respond(answer, [...rows, ...reliability]);
      return () => this.#transaction.respond(answer.status, bytes);
    });
  }

  refuse(answer: SipAnswer): void {
    if (this.#stage !== 'early') return;
    this.#end();
    this.#options.onRefused(answer);
    this.#respond(answer, []);
  }

  accept(answer: SipAnswer): void {
    if (this.#stage !== 'early') return;
    const { request } = this.#incoming;
    const session = agreeSession(request);
    const bytes = this.#respond(answer, [
      ...this.#recordRoute(),
      this.contactRow(),
      allowRow,
      supportedRow,
      ...(session.kind === 'agreed' ? session.rows : []),
    ]);
    this.#stage = 'accepted';
    this.#options.onWelcome();
    this.reliable?.stop();
    this.description = answer.body;
    this.session.agree(session);
    this.acks.expect(request.cseq.number, () => this.#transaction.respond(answer.status, bytes), {
      onAck: (ack) => {
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

  /** A CANCEL for this INVITE, already answered. After a final answer it has no effect. RFC 3261 §9.2. */
  cancel(reason: string): void {
    if (this.#stage === 'early') this.#events?.onCancel(reason);
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
      this.#events?.onCancel(reason);
      return;
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
    return ['Contact', this.services.contactFor(this.peer.flow)];
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
    this.#quiet();
    this.#settleAck();
    // The transaction outlives the call; it must not keep it.
    this.#transaction.listen({});
    this.#options.onEnded();
  }

  /** Stops everything that would speak by itself. */
  #quiet(): void {
    this.acks.stop();
    this.reliable?.stop();
    this.session.stop();
    this.referral?.ended();
  }

  #settleAck(): void {
    for (const settled of this.#ackWaiters) settled();
    this.#ackWaiters.clear();
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
