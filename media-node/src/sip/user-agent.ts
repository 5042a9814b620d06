/**
 * The user agent: every message that comes in passes here once and goes to the transaction, dialog or call that it belongs to, or is
 * answered on the spot and leaves nothing behind. RFC 3261 §8.2, §9.2, §12.2.2, §17.
 */
import { strangerLimits } from '@callgate/shared/limits.ts';
import { traceIdOf } from '../trace-id.ts';
import { applicationRows } from './dialog/application-rows.ts';
import { Dialog, dialogKey } from './dialog/dialog.ts';
import type { DialogServices } from './dialog/dialog-services.ts';
import { UasCall } from './dialog/uas-call.ts';
import { inspectRequest } from './inspect-request.ts';
import type { Ladders } from './ladder/ladders.ts';
import { malformedAnswer } from './malformed-answer.ts';
import type { RefusalFields } from './refusal-log.ts';
import { refusalReason } from './refusal-reason.ts';
import type { RequestSender } from './request-sender.ts';
import type {
  AdmissionVerdict,
  NewRequest,
  SipAnswer,
  SipCall,
  TurnedAwayInvite,
} from './sip-endpoint.ts';
import type { TrustedProxies } from './strangers/real-source.ts';
import { sourceKey } from './strangers/source-key.ts';
import type { StrangerGate } from './strangers/stranger-gate.ts';
import {
  type IncomingRequest,
  type ResponseParts,
  sendBack,
  writeResponse,
} from './transaction/incoming-request.ts';
import { randomToken } from './transaction/random-token.ts';
import type { ServerTransaction } from './transaction/server-transaction.ts';
import { cancelledKey } from './transaction/transaction-key.ts';
import type { TransactionTable } from './transaction/transaction-table.ts';
import type { Arrival } from './transport/transport.ts';
import type { SipRequest } from './wire/message.ts';
import { readMessage, type Unreadable } from './wire/read-message.ts';
import type { Row } from './wire/write-message.ts';

export interface UserAgentParts {
  readonly transactions: TransactionTable;
  readonly sender: RequestSender;
  readonly services: DialogServices;
  readonly strangers: StrangerGate;
  readonly proxies: TrustedProxies;
  readonly ladders: Ladders;
  readonly onInvite: (call: SipCall) => void;
  /** Whether the node has room for a new call. */
  readonly admit: (request: NewRequest) => AdmissionVerdict;
  readonly onTurnedAway: (invite: TurnedAwayInvite) => void;
  /** One line about something refused; called for every one, so it must be cheap or bounded itself. */
  readonly onRefused: (source: string, fields: RefusalFields, traceId: () => string) => void;
}

const { tryingHoldMs } = strangerLimits;
const noSuchCall: SipAnswer = { status: 481, phrase: 'Call/Transaction Does Not Exist' };

/** Seconds after which a provider may try a full node again. */
const fullRetryAfter: Row = ['Retry-After', '10'];

export class UserAgent {
  readonly #parts: UserAgentParts;
  /** Calls by dialog. Early ones too: their tag is known to the caller since the 180. */
  readonly #dialogs = new Map<string, UasCall>();
  /** What a CANCEL needs to know of an INVITE: our tag, and the call while it is there. */
  readonly #invites = new WeakMap<
    ServerTransaction,
    { readonly toTag: string; call: UasCall | null }
  >();
  #refusedByGate = 0;

  constructor(parts: UserAgentParts) {
    this.#parts = parts;
  }

  get dialogCount(): number {
    return this.#dialogs.size;
  }

  get refusedByGate(): number {
    return this.#refusedByGate;
  }

  /** Takes one message from the network. Never throws. */
  receive({ bytes, flow }: Arrival): void {
    // Nobody can be answered on port 0; a packet that claims to come from it is forged.
    if (flow.remote.port === 0) return;
    const reading = readMessage(bytes);
    if (reading.kind === 'keep-alive') return;
    if (reading.kind === 'unreadable') return this.#refuseUnreadable(reading, flow);
    const { message } = reading;
    this.#parts.ladders.note('in', message.callId, bytes, flow);
    if (message.kind === 'response') return this.#parts.sender.receive(message, flow.remote);
    const arrivedAtMono = this.#parts.services.clock.nowMono();
    const { address, port } = flow.remote;
    const seen = { address, port, transport: flow.transport };
    const source = this.#parts.proxies.sourceOf(message, seen);
    this.#receiveRequest({ request: message, flow, source, arrivedAtMono });
  }

  /** Forgets every dialog. */
  close(): void {
    for (const call of this.#dialogs.values()) call.close();
    this.#dialogs.clear();
  }

  #receiveRequest(incoming: IncomingRequest): void {
    const { request } = incoming;
    if (request.method === 'ACK') return this.#receiveAck(request);
    const transaction = this.#parts.transactions.serverOf(request);
    if (transaction !== null) return transaction.receive(request);
    if (request.method === 'CANCEL') return this.#receiveCancel(incoming);
    if (request.toTag !== '' && this.#dialogOf(request) !== undefined) {
      return this.#receiveInDialog(incoming);
    }
    if (!this.#isAdmitted(incoming)) return;
    if (request.toTag !== '') return this.#answerFor(incoming, noSuchCall, 'no-dialog');
    if (!this.#hasRoom(incoming)) return;
    const inspection = inspectRequest(request);
    if (inspection.kind === 'answer') {
      if (inspection.rule !== null) this.#note(incoming, inspection.status, inspection.rule);
      return this.#answer(incoming, inspection);
    }
    // §8.2.2.2: the same INVITE by another path is the same call, refused here.
    if (this.#parts.transactions.isMerged(request)) {
      this.#note(incoming, 482, 'merged');
      return this.#answer(incoming, { status: 482, phrase: 'Loop Detected' });
    }
    this.#receiveInvite(incoming);
  }

  /** What belongs to no dialog has to pass the gate for strangers before it costs anything. */
  #isAdmitted(incoming: IncomingRequest): boolean {
    const { strangers } = this.#parts;
    const { request } = incoming;
    const admission = strangers.judge(request, incoming.source.address);
    switch (admission.kind) {
      case 'admitted':
        return true;
      case 'silence':
        this.#note(incoming, null, admission.rule);
        return false;
      case 'again':
        this.#answerFor(incoming, admission.answer, 'refused-before');
        return false;
      default:
        return admission satisfies never;
    }
  }

  /** A full node turns calls away before it looks at them, and tells load balancers (OPTIONS). */
  #hasRoom(incoming: IncomingRequest): boolean {
    const { method, callId, fromTag } = incoming.request;
    if (method !== 'INVITE' && method !== 'OPTIONS') return true;
    const { address } = incoming.source;
    const isKnown = this.#parts.strangers.isKnown(address);
    const source = sourceKey(address);
    const verdict = this.#parts.admit({ method, callId, fromTag, source, isKnown });
    if (verdict.kind === 'refuse') {
      const { answer, bound } = verdict;
      this.#answerFor(incoming, answer, bound);
      if (method === 'INVITE') this.#tellTurnedAway(incoming, isKnown, bound, answer.status);
    }
    if (verdict.kind === 'silence') this.#note(incoming, null, verdict.bound);
    return verdict.kind === 'take';
  }

  #tellTurnedAway(
    { request, source, arrivedAtMono }: IncomingRequest,
    isKnown: boolean,
    bound: string,
    sipStatus: number,
  ): void {
    const { callId, fromTag, from, to } = request;
    const [fromUser, toUser] = [from.uri?.user ?? '', to.uri?.user ?? ''];
    this.#parts.onTurnedAway({
      ...{ callId, fromTag, fromUser, toUser, source, arrivedAtMono },
      ...{ isKnown, bound, sipStatus },
    });
  }

  /** An answer of the call's making, without a transaction. */
  #answerFor(incoming: IncomingRequest, answer: SipAnswer, rule: string): void {
    const { status, phrase, headers = [] } = answer;
    this.#note(incoming, status, rule);
    this.#answer(incoming, { status, phrase, rows: applicationRows(headers).rows });
  }

  #receiveInvite(incoming: IncomingRequest): void {
    const { transactions, services, strangers, ladders, onInvite } = this.#parts;
    const { request } = incoming;
    const transaction = transactions.openServer(incoming);
    if (transaction === null) {
      this.#note(incoming, 503, 'full');
      return this.#answer(incoming, {
        status: 503,
        phrase: 'Service Unavailable',
        rows: [fullRetryAfter],
      });
    }
    ladders.begin(request.callId);
    const trying = writeResponse(incoming, { status: 100, phrase: 'Trying', toTag: null });
    const { address } = incoming.source;
    if (strangers.isKnown(address)) transaction.respond(100, trying);
    else transaction.respondLater(tryingHoldMs, 100, trying);
    const localTag = randomToken(services.random);
    const dialog = new Dialog(request, localTag, services.random(2).readUInt16BE());
    const key = dialogKey(request.callId, localTag, request.fromTag);
    const cancellable: { readonly toTag: string; call: UasCall | null } = {
      toTag: localTag,
      call: null,
    };
    let wasRefused = false;
    const isReplay = strangers.isReplay(request);
    if (isReplay) this.#note(incoming, null, 'nonce-count');
    const isFamiliar = strangers.isFamiliar(request, address);
    const call = new UasCall({
      incoming: { ...incoming, isReplay, isFamiliar },
      transaction,
      dialog,
      services,
      onEnded: () => {
        this.#dialogs.delete(key);
        cancellable.call = null;
        ladders.end(request.callId, wasRefused);
      },
      onWelcome: (hasPassword) => strangers.welcome(request, address, hasPassword),
      onRefused: (answer, isGuess) => {
        wasRefused = true;
        strangers.refused(request, address, answer, isGuess);
      },
    });
    this.#dialogs.set(key, call);
    cancellable.call = call;
    this.#invites.set(transaction, cancellable);
    try {
      onInvite(call);
    } catch (error) {
      services.log('error', 'sip-fault', {
        why: error,
        sip_call_id: request.callId,
        trace_id: traceOf(incoming)(),
      });
      call.refuse({ status: 500, phrase: 'Server Internal Error' });
    }
  }

  /** An ACK ends the transaction of a refusal, or belongs to the dialog of a 200; it is never answered. §17.2.1, §13.3.1.4. */
  #receiveAck(ack: SipRequest): void {
    const transaction = this.#parts.transactions.serverOf(ack);
    if (transaction?.isInvite === true) return transaction.receive(ack);
    this.#dialogOf(ack)?.acks.receive(ack);
  }

  /** §9.2: 200 when there is such an INVITE, with its To tag, whatever becomes of it; 481 when there is none. */
  #receiveCancel(incoming: IncomingRequest): void {
    const transaction = this.#parts.transactions.serverByKey(cancelledKey(incoming.request));
    const invite = transaction === null ? undefined : this.#invites.get(transaction);
    if (transaction === null || invite === undefined) {
      if (!this.#isAdmitted(incoming)) return;
      return this.#answerFor(incoming, noSuchCall, 'no-transaction');
    }
    if (transaction.stateName === 'silent') return;
    this.#answer(incoming, { status: 200, phrase: 'OK' }, invite.toTag);
    invite.call?.cancel(incoming.request.plain.get('reason') ?? '');
  }

  #receiveInDialog(incoming: IncomingRequest): void {
    const call = this.#dialogOf(incoming.request);
    if (call === undefined) return;
    const isTooMuch = !call.mayAsk(incoming.request.method);
    if (isTooMuch) this.#note(incoming, 503, 'too-many-in-dialog');
    const transaction = isTooMuch ? null : this.#parts.transactions.openServer(incoming);
    if (transaction === null) {
      return this.#answer(incoming, {
        status: 503,
        phrase: 'Service Unavailable',
        rows: [fullRetryAfter],
      });
    }
    // A CANCEL of a re-INVITE comes too late, as that is answered at once; it is answered all the same (§9.2).
    if (transaction.isInvite)
      this.#invites.set(transaction, { toTag: call.dialog.localTag, call: null });
    call.receive(incoming, transaction);
  }

  #dialogOf({ callId, toTag, fromTag }: SipRequest): UasCall | undefined {
    return this.#dialogs.get(dialogKey(callId, toTag, fromTag));
  }

  /** Answers without a transaction: a copy of the request gets the same answer again. §8.2.7. */
  #answer(
    incoming: IncomingRequest,
    parts: Omit<ResponseParts, 'toTag'>,
    toTag = randomToken(this.#parts.services.random),
  ): void {
    sendBack(incoming, writeResponse(incoming, { ...parts, toTag }), (why) =>
      this.#parts.onRefused(
        incoming.flow.remote.address,
        { rule: 'unsent', why },
        traceOf(incoming),
      ),
    );
  }

  /** One 400 if there is enough to answer to, else silence; no state either way. */
  #refuseUnreadable(unreadable: Unreadable, flow: Arrival['flow']): void {
    this.#refusedByGate += 1;
    const { rule, detail, status } = unreadable.fault;
    const { address } = flow.remote;
    const reason = refusalReason(rule, status);
    const traceId = () => traceIdOf(textOf(unreadable, 'call-id'), address);
    this.#parts.onRefused(address, { reason, rule, detail, sip_status: status }, traceId);
    if (!this.#parts.strangers.judgeUnreadable(address)) return;
    const bytes = malformedAnswer(unreadable, flow.remote, this.#parts.services.random);
    if (bytes === null) return;
    flow.send(bytes, flow.remote, (why) =>
      this.#parts.onRefused(address, { rule: 'unsent', why }, traceId),
    );
  }

  #note(incoming: IncomingRequest, status: number | null, rule: string): void {
    const { request, source } = incoming;
    const reason = refusalReason(rule, status);
    const fields = { method: request.method, reason, rule, sip_status: status };
    this.#parts.onRefused(source.address, fields, traceOf(incoming));
  }
}

/** Made when it is wanted: of a flood, few are logged. */
function traceOf({ request }: IncomingRequest): () => string {
  return () => traceIdOf(request.callId, request.fromTag);
}

/** A header of what could not be read, as far as it got; empty when it has none. */
function textOf({ fields }: Unreadable, name: string): string {
  return fields.find(({ key }) => key === name)?.value ?? '';
}
