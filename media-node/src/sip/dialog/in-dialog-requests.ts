/**
 * Requests inside a dialog, each with its answer: BYE, re-INVITE and UPDATE with the rules against two offers at once, PRACK, INFO, NOTIFY
 * of a transfer, OPTIONS. RFC 3261 §12.2.2 and §14.2, RFC 3311, 3262, 3515, 6086.
 */
import { acceptedCodingRows, acceptRow, allowRow, supportedRow } from '../capabilities.ts';
import { unmetDemand } from '../request-demands.ts';
import type { SipAnswer } from '../sip-endpoint.ts';
import { type IncomingRequest, writeResponse } from '../transaction/incoming-request.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import type { SipRequest } from '../wire/message.ts';
import type { Row } from '../wire/write-message.ts';
import { targetFault } from './dialog.ts';
import { digitTypes, readInfoDigit } from './info-digit.ts';
import { bodyOf } from './invite-request.ts';
import { agreeSession } from './session-timer.ts';
import type { UasCall } from './uas-call.ts';

/** A request on its way to its answer. */
interface Exchange {
  readonly request: SipRequest;
  /** Sends the final answer. @returns a way to send it again */
  readonly answer: (answer: SipAnswer, rows?: readonly Row[]) => () => void;
}

const pending: SipAnswer = { status: 491, phrase: 'Request Pending' };
const gone: SipAnswer = { status: 481, phrase: 'Call/Transaction Does Not Exist' };
const fine: SipAnswer = { status: 200, phrase: 'OK' };

export class InDialogRequests {
  readonly #call: UasCall;

  constructor(call: UasCall) {
    this.#call = call;
  }

  receive(incoming: IncomingRequest, transaction: ServerTransaction): void {
    const { request } = incoming;
    const exchange: Exchange = {
      request,
      answer: (answer, rows = []) => this.#answer(incoming, transaction, answer, rows),
    };
    // RFC 3261 §12.2.2: a number that is not higher is out of order.
    if (!this.#call.dialog.takeRemoteNumber(request.cseq.number)) {
      exchange.answer({ status: 500, phrase: 'CSeq Out Of Order' });
      return;
    }
    const unmet = unmetDemand(request);
    if (unmet !== null) return void exchange.answer(unmet, unmet.rows);
    switch (request.method) {
      case 'BYE':
        exchange.answer(fine);
        return this.#call.receiveBye(request.plain.get('reason') ?? '');
      case 'INVITE':
        return this.#reinvite(exchange);
      case 'UPDATE':
        return this.#update(exchange);
      case 'INFO':
        return this.#info(exchange);
      case 'PRACK':
        return this.#prack(exchange);
      case 'NOTIFY':
        return this.#notify(exchange);
      case 'OPTIONS':
        exchange.answer(fine, [allowRow, acceptRow, ...acceptedCodingRows, supportedRow]);
        return;
      case 'REFER':
        // Only the application may move a call; a caller who could would make others pay for it.
        exchange.answer({ status: 403, phrase: 'Transfer Not Allowed' }, [allowRow]);
        return;
      default:
        exchange.answer({ status: 405, phrase: 'Method Not Allowed' }, [allowRow]);
    }
  }

  #reinvite({ request, answer }: Exchange): void {
    const { stage, acks, events, session } = this.#call;
    if (stage === 'ending') return void answer(gone);
    // §14.2: the first INVITE is still being answered.
    if (stage === 'early') return void this.#tooEarly(answer);
    // An answer of ours waits for its ACK, or an INVITE of ours for its answer.
    if (acks.size > 0 || session.isInviting) return void answer(pending);
    const agreement = agreeSession(request);
    if (agreement.kind === 'too-small') {
      return void answer({ status: 422, phrase: 'Session Interval Too Small' }, agreement.rows);
    }
    if (targetFault(request)) return void answer({ status: 400, phrase: 'Bad Contact' });

    const offered = bodyOf(request);
    const reply = events?.onReoffer(offered) ?? gone;
    if (reply.status >= 300) return void this.#refuseOffer(answer, reply);
    this.#call.dialog.refreshTarget(request);
    this.#call.tellDialog();
    this.#call.description = reply.body ?? this.#call.description;
    const agreed = agreement.kind === 'agreed' ? agreement.rows : [];
    const again = answer(reply, [this.#call.contactRow(), allowRow, supportedRow, ...agreed]);
    session.agree(agreement);
    acks.expect(request.cseq.number, again, {
      onAck: (ack) => {
        if (offered.body.length === 0) events?.onReofferAnswer?.(bodyOf(ack));
      },
      onMissing: () => events?.onAckMissing(),
    });
  }

  #update({ request, answer }: Exchange): void {
    const { stage, acks, events, session, offers } = this.#call;
    if (stage === 'ending') return void answer(gone);
    const offered = bodyOf(request);
    const hasOffer = offered.body.length > 0;
    // RFC 3311 §5.2: an offer may not come while another one waits, theirs or ours. The first may be settled before the call is answered.
    if (hasOffer && (offers.stage === 'theirs' || offers.stage === 'none')) {
      return void this.#tooEarly(answer);
    }
    const isOursPending = offers.stage === 'ours' || acks.size > 0 || session.isInviting;
    if (hasOffer && isOursPending) return void answer(pending);
    const agreement = agreeSession(request);
    if (agreement.kind === 'too-small') {
      return void answer({ status: 422, phrase: 'Session Interval Too Small' }, agreement.rows);
    }
    if (targetFault(request)) return void answer({ status: 400, phrase: 'Bad Contact' });
    const reply = hasOffer ? (events?.onReoffer(offered) ?? gone) : fine;
    if (reply.status >= 300) return void this.#refuseOffer(answer, reply);
    this.#call.dialog.refreshTarget(request);
    this.#call.tellDialog();
    this.#call.description = reply.body ?? this.#call.description;
    const agreed = agreement.kind === 'agreed' ? agreement.rows : [];
    answer(reply, [this.#call.contactRow(), allowRow, supportedRow, ...agreed]);
    if (stage !== 'early') session.agree(agreement);
  }

  /** RFC 3262 §3 and §5: it may bring the answer to our offer, or an offer when the first one is settled. */
  #prack({ request, answer }: Exchange): void {
    const { provisionals, offers, events } = this.#call;
    if (!provisionals.acknowledge(request)) return void answer(gone);
    const described = bodyOf(request);
    let reply = fine;
    if (described.body.length > 0 && offers.stage === 'ours') events?.onReofferAnswer?.(described);
    if (described.body.length > 0 && offers.stage === 'settled') {
      reply = events?.onReoffer(described) ?? gone;
    }
    offers.answered();
    if (reply.status < 300) answer(reply);
    else this.#refuseOffer(answer, reply);
    this.#call.acknowledged();
  }

  #refuseOffer(answer: Exchange['answer'], reply: SipAnswer): void {
    answer(reply, reply.status === 415 ? [allowRow, acceptRow] : [allowRow]);
  }

  #info({ request, answer }: Exchange): void {
    if (request.fields.first('info-package') !== null) {
      return void answer({ status: 469, phrase: 'Bad Info Package' }, [['Recv-Info', '']]);
    }
    const { contentType, body } = bodyOf(request);
    if (body.length === 0) return void answer(fine);
    if (!digitTypes.some((type) => type === contentType)) {
      const rows: Row[] = [['Accept', digitTypes.join(', ')]];
      return void answer({ status: 415, phrase: 'Unsupported Media Type' }, rows);
    }
    const digit = readInfoDigit(contentType, body);
    if (digit === null) return void answer({ status: 400, phrase: 'No Digit' });
    answer(fine);
    this.#call.events?.onDigit?.(digit);
  }

  #notify({ request, answer }: Exchange): void {
    const { referral } = this.#call;
    if (referral === null) return void answer(gone);
    const status = referral.notified(request);
    const phrases = new Map([
      [200, 'OK'],
      [415, 'Unsupported Media Type'],
      [481, 'Subscription Does Not Exist'],
      [489, 'Bad Event'],
    ]);
    answer({ status, phrase: phrases.get(status) ?? '' });
  }

  /** RFC 3261 §14.2: 500 with a Retry-After between 0 and 10 s. */
  #tooEarly(answer: Exchange['answer']): () => void {
    const seconds = this.#call.services.random(1).readUInt8() % 11;
    return answer({ status: 500, phrase: 'Request Pending' }, [['Retry-After', String(seconds)]]);
  }

  #answer(
    incoming: IncomingRequest,
    transaction: ServerTransaction,
    { status, phrase, headers = [], body }: SipAnswer,
    rows: readonly Row[],
  ): () => void {
    const bytes = writeResponse(incoming, {
      status,
      phrase,
      toTag: null,
      rows: [...rows, ...this.#call.applicationRows(headers)],
      body,
    });
    transaction.respond(status, bytes);
    return () => transaction.respond(status, bytes);
  }
}
