/**
 * One INVITE from the other side and the dialog that its 200 makes: the user agent server of RFC 3261 §13.3, §14.2 and §15. It answers
 * what only signalling knows the answer to and hands everything else to the call.
 *
 *   early --2xx--> accepted --ACK--> confirmed --BYE sent--> ending --> ended
 *     +--300-699, drop--> ended          +------BYE received------------^
 */

import { allowRow, supportedRows } from '../capabilities.ts';
import type {
  InviteRequest,
  SipAnswer,
  SipCall,
  SipCallEvents,
  SipHeader,
} from '../sip-endpoint.ts';
import {
  type IncomingRequest,
  type ResponseParts,
  writeResponse,
} from '../transaction/incoming-request.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import type { SipRequest } from '../wire/message.ts';
import type { Row } from '../wire/write-message.ts';
import { applicationRows } from './application-rows.ts';
import type { Dialog } from './dialog.ts';
import type { DialogServices } from './dialog-services.ts';
import { inviteRequest } from './invite-request.ts';
import { peerAddress } from './peer-address.ts';
import { ResendUntilAck } from './resend-until-ack.ts';

type CallStage = 'early' | 'accepted' | 'confirmed' | 'ending' | 'ended';

export interface UasCallOptions {
  readonly incoming: IncomingRequest;
  readonly transaction: ServerTransaction;
  readonly dialog: Dialog;
  readonly services: DialogServices;
  /** The dialog is over; nothing reaches this call any more. */
  readonly onEnded: () => void;
}

export class UasCall implements SipCall {
  readonly invite: InviteRequest;
  readonly dialog: Dialog;
  readonly #incoming: IncomingRequest;
  readonly #transaction: ServerTransaction;
  readonly #services: DialogServices;
  readonly #onEnded: () => void;
  #stage: CallStage = 'early';
  #events: SipCallEvents | null = null;
  #resend: ResendUntilAck | null = null;
  /** Wake whoever waits in `bye` for the ACK. */
  readonly #ackWaiters = new Set<() => void>();
  /** Wakes whoever waits in `bye` for its answer. */
  #byeSettled: (() => void) | null = null;

  constructor(options: UasCallOptions) {
    const { incoming, services } = options;
    this.#incoming = incoming;
    this.#transaction = options.transaction;
    this.dialog = options.dialog;
    this.#services = services;
    this.#onEnded = options.onEnded;
    this.invite = inviteRequest(incoming, services.localFor(incoming.flow));
    this.#transaction.listen({
      onAck: (ack) => this.receiveAck(ack),
      onAckMissing: () => this.#transactionTimedOut(),
      onUnsent: () => this.#unsent(),
    });
  }

  listen(events: SipCallEvents): void {
    this.#events = events;
  }

  provisional(answer: SipAnswer): void {
    if (this.#stage !== 'early') return;
    this.#respond(answer, [...this.#recordRoute(), this.#contact(), allowRow]);
  }

  refuse(answer: SipAnswer): void {
    if (this.#stage !== 'early') return;
    this.#end();
    this.#respond(answer, []);
  }

  accept(answer: SipAnswer): void {
    if (this.#stage !== 'early') return;
    this.#stage = 'accepted';
    const bytes = this.#respond(answer, [
      ...this.#recordRoute(),
      this.#contact(),
      allowRow,
      ...supportedRows,
    ]);
    this.#resend = new ResendUntilAck(
      this.#services.clock,
      () => this.#transaction.respond(answer.status, bytes),
      () => {
        this.#confirm();
        this.#events?.onAckMissing();
      },
    );
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
    const request = this.dialog.request('BYE', this.#rows(headers));
    const { request: invite, flow } = this.#incoming;
    await new Promise<void>((resolve) => {
      this.#byeSettled = resolve;
      this.#services.send(request, peerAddress(invite, this.dialog, flow.remote), flow, {
        onResponse: ({ status }) => {
          if (status >= 200) resolve();
        },
        onTimeout: resolve,
        onUnsent: resolve,
      });
    });
    this.#end();
  }

  /** A CANCEL for this INVITE, already answered. Too late after a final answer: it has no effect then. RFC 3261 §9.2. */
  cancel(): void {
    if (this.#stage === 'early') this.#events?.onCancel();
  }

  /** An ACK of this dialog. */
  receiveAck(ack: SipRequest): void {
    if (this.#stage !== 'accepted' || ack.cseq.number !== this.#incoming.request.cseq.number)
      return;
    this.#confirm();
    this.#events?.onAck(ack.body);
  }

  /** Any other request of this dialog. */
  receive(incoming: IncomingRequest, transaction: ServerTransaction): void {
    const { request } = incoming;
    const answer = (parts: Omit<ResponseParts, 'toTag'>) =>
      transaction.respond(parts.status, writeResponse(incoming, { ...parts, toTag: null }));
    // RFC 3261 §12.2.2: a number that is not higher is out of order.
    if (!this.dialog.takeRemoteNumber(request.cseq.number)) {
      return answer({ status: 500, phrase: 'CSeq Out Of Order' });
    }
    switch (request.method) {
      case 'BYE':
        answer({ status: 200, phrase: 'OK' });
        return this.#receiveBye(request);
      case 'INVITE':
        return answer({ status: 488, phrase: 'Not Acceptable Here', rows: [allowRow] });
      case 'OPTIONS':
      case 'INFO':
        return answer({ status: 200, phrase: 'OK', rows: [allowRow] });
      default:
        return answer({ status: 405, phrase: 'Method Not Allowed', rows: [allowRow] });
    }
  }

  /** Frees the timers and wakes who waits; the endpoint closes. */
  close(): void {
    this.#resend?.stop();
    this.#stage = 'ended';
    this.#settleAck();
    this.#byeSettled?.();
  }

  #receiveBye(bye: SipRequest): void {
    const stage = this.#stage;
    if (stage === 'early') {
      // RFC 3261 §15: a caller may end an early dialog with BYE; the INVITE is then answered as after CANCEL.
      this.#events?.onCancel();
      return;
    }
    this.#end();
    // Our own BYE has crossed theirs: the call knows that it is over.
    if (stage !== 'ending') this.#events?.onBye(bye.plain.get('reason') ?? '');
  }

  /** The ACK has come, or will not: from here on BYE may be sent. */
  #confirm(): void {
    this.#resend?.stop();
    this.#stage = 'confirmed';
    this.#settleAck();
  }

  #end(): void {
    if (this.#stage === 'ended') return;
    this.#stage = 'ended';
    this.#resend?.stop();
    this.#settleAck();
    this.#onEnded();
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
    const isEarly = this.#stage === 'early';
    if (isEarly) this.#end();
    this.#events?.onTransportFailed('the answer to the INVITE could not be sent');
  }

  #respond(answer: SipAnswer, rows: readonly Row[]): Buffer {
    const { status, phrase, headers = [], body } = answer;
    const bytes = writeResponse(this.#incoming, {
      status,
      phrase,
      toTag: this.dialog.localTag,
      rows: [
        ...rows,
        ...this.#rows(headers),
        ...(body === undefined ? [] : [['Content-Type', body.contentType] as const]),
      ],
      ...(body === undefined ? {} : { body: body.bytes }),
    });
    this.#transaction.respond(status, bytes);
    return bytes;
  }

  #rows(headers: readonly SipHeader[]): readonly Row[] {
    const { rows, leftOut } = applicationRows(headers);
    if (leftOut.length > 0) {
      this.#services.log('error', 'sip-header-left-out', {
        names: leftOut,
        sip_call_id: this.invite.callId,
      });
    }
    return rows;
  }

  #contact(): Row {
    return ['Contact', this.#services.contactFor(this.#incoming.flow)];
  }

  /** Answers that make a dialog repeat the Record-Route of the INVITE. RFC 3261 §12.1.1. */
  #recordRoute(): Row[] {
    return this.#incoming.request.fields
      .all('record-route')
      .map((value): Row => ['Record-Route', value]);
  }
}
