/**
 * One call of the test phone, from INVITE to the end: digest when asked, ACK, audio both ways, BYE by either side, CANCEL. It keeps
 * every status and when it came; what it means is the reader's to judge.
 */
import { randomBytes } from 'node:crypto';
import type { HeaderFields } from '../../media-node/src/sip/wire/header-fields.ts';
import type { SipRequest, SipResponse } from '../../media-node/src/sip/wire/message.ts';
import { type Row, writeMessage } from '../../media-node/src/sip/wire/write-message.ts';
import type { SampleSource } from '../audio/tone.ts';
import { silence } from '../audio/tone.ts';
import type { Sound } from '../audio/wav.ts';
import { runSecrets } from '../local/secret-watch.ts';
import { answerDigest } from './digest-answer.ts';
import { type OfferDirection, readAnswer, writeOffer } from './phone-sdp.ts';
import { Resend } from './resend.ts';
import type { LineOptions, PhoneCodec, RtpStream } from './rtp-stream.ts';
import type { CallTimeline } from './timeline.ts';

export interface PhoneCallOptions {
  /** Where the node listens. */
  readonly target: { readonly address: string; readonly port: number };
  readonly to: string;
  readonly from: string;
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Further headers of the INVITE. */
  readonly headers?: readonly Row[];
  /** In the order of preference; PCMU when absent. */
  readonly codecs?: readonly PhoneCodec[];
  /** What the phone says once it is answered; silence when absent. In samples of the codec: 8 kHz with G.711, 16 kHz with G.722 and Opus. */
  readonly says?: SampleSource;
  /** Told what it hears, packet by packet. */
  readonly hears?: (samples: Int16Array) => void;
  /** What the line loses; a perfect one when absent. */
  readonly line?: LineOptions;
  /** Where events are noted; one of its own when absent. */
  readonly timeline?: CallTimeline;
  /** What a REFER of the node gets: a final status, and what the NOTIFY says of the new call, if one is sent. 501 when absent. */
  readonly refers?: { readonly answer: number; readonly notify?: number };
}

/** The final answer to the INVITE. */
export type CallAnswer =
  | { readonly kind: 'answered' }
  | { readonly kind: 'refused'; readonly status: number; readonly phrase: string }
  /** Nothing final came for 32 s. */
  | { readonly kind: 'no-answer' };

/** Who ended an answered call. */
export type CallEnd = 'phone' | 'node';

/** What the phone gives to a call. */
interface PhoneCallParts {
  readonly local: { readonly address: string; readonly port: number };
  readonly timeline: CallTimeline;
  readonly stream: RtpStream;
  readonly send: (bytes: Buffer) => void;
  readonly onGone: (callId: string) => void;
}

/** What a request repeats of its dialog, or of the INVITE that opens it. */
interface SentRequest {
  readonly method: string;
  readonly uri: string;
  readonly branch: string;
  readonly cseq: number;
  readonly bytes: Buffer;
}

export class PhoneCall {
  readonly callId = `${randomBytes(12).toString('hex')}@phone`;
  readonly timeline: CallTimeline;
  /** Requests of the node in the dialog, in their order. */
  readonly requests: SipRequest[] = [];
  /** Resolves with the final answer. */
  readonly answer: Promise<CallAnswer>;
  /** Resolves when an answered call has been ended; never for one that was not answered. */
  readonly ended: Promise<CallEnd>;
  /** Headers of the 200; null: there was none. */
  answerFields: HeaderFields | null = null;
  /** Where the answer wants our media; null: there was none. */
  mediaTarget: { readonly address: string; readonly port: number } | null = null;
  /** Headers of the BYE that came; null: none came. */
  byeFields: HeaderFields | null = null;
  readonly #options: PhoneCallOptions;
  readonly #parts: PhoneCallParts;
  readonly #fromTag = randomBytes(8).toString('hex');
  readonly #pending = new Map<string, Resend>();
  #settleAnswer: (answer: CallAnswer) => void = () => {};
  #settleEnd: (end: CallEnd) => void = () => {};
  #cseq = 0;
  #invite: SentRequest | null = null;
  #hasAnsweredChallenge = false;
  #ack: Buffer | null = null;
  #dialog: { toHeader: string; target: string; routes: readonly string[] } | null = null;
  #isGone = false;
  /** CSeq of the re-INVITE that is not answered yet; null: none. */
  #reinvite: number | null = null;
  #offers = 1;

  constructor(options: PhoneCallOptions, parts: PhoneCallParts) {
    this.#options = options;
    this.#parts = parts;
    this.timeline = parts.timeline;
    this.answer = new Promise((settle) => {
      this.#settleAnswer = settle;
    });
    this.ended = new Promise((settle) => {
      this.#settleEnd = settle;
    });
  }

  /** Sends the INVITE. Called by the phone. */
  start(): void {
    this.timeline.note('INVITE');
    this.#sendInvite([]);
  }

  /** What the phone has heard. */
  heard(): Sound {
    return this.#parts.stream.heard();
  }

  /** Presses keys once the call is answered, as telephone events (RFC 4733). */
  press(keys: string): void {
    this.timeline.note(`pressed ${keys}`);
    this.#parts.stream.press(keys);
  }

  get packets(): { readonly received: number; readonly sent: number } {
    return this.#parts.stream.packets;
  }

  /** True when nothing of it is left, whoever ended it. */
  get isOver(): boolean {
    return this.#isGone;
  }

  /** Gives the call up before it is answered: CANCEL, which the node answers with 487 to the INVITE. RFC 3261 §9.1. */
  cancel(): void {
    const invite = this.#invite;
    if (invite === null || this.#dialog !== null) return;
    this.timeline.note('CANCEL');
    this.#request('CANCEL', invite.uri, [], { branch: invite.branch, cseq: invite.cseq });
  }

  /** Ends an answered call with BYE. */
  hangUp(): void {
    const dialog = this.#dialog;
    if (dialog === null || this.#isGone) return;
    this.timeline.note('BYE sent');
    this.#cseq += 1;
    this.#request('BYE', dialog.target, routeRows(dialog.routes), { cseq: this.#cseq });
  }

  /** Puts the other side on hold, or takes it back, with a re-INVITE (RFC 3264 §8.4). What became of it is in the timeline. */
  reoffer(direction: OfferDirection): void {
    const dialog = this.#dialog;
    if (dialog === null || this.#isGone || this.#reinvite !== null) return;
    const { local, stream } = this.#parts;
    this.#cseq += 1;
    this.#offers += 1;
    this.#reinvite = this.#cseq;
    this.timeline.note(`re-INVITE ${direction}`);
    const codecs = this.#options.codecs ?? ['PCMU'];
    const offer = { direction, version: this.#offers };
    this.#request('INVITE', dialog.target, routeRows(dialog.routes), {
      cseq: this.#cseq,
      body: writeOffer(local.address, stream.port, codecs, offer),
    });
  }

  /** Frees what the call holds, without a word. */
  forget(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    for (const resend of this.#pending.values()) resend.stop();
    this.#pending.clear();
    this.#parts.stream.close();
    this.#parts.onGone(this.callId);
  }

  /** A response of this Call-ID. Called by the phone. */
  onResponse(response: SipResponse): void {
    const { method } = response.cseq;
    this.#pending.get(response.via.parameters.get('branch') + method)?.stop();
    if (method === 'INVITE') this.#onInviteResponse(response);
    if (method === 'BYE' && response.status >= 200) this.#end('phone', `${response.status} to BYE`);
  }

  /** A request within the dialog. Returns the status it gets. */
  onRequest(request: SipRequest): number {
    this.requests.push(request);
    if (request.method === 'REFER') return this.#onRefer();
    if (request.method !== 'BYE') return request.method === 'OPTIONS' ? 200 : 501;
    if (this.#dialog === null) return 481;
    this.byeFields = request.fields;
    // After its answer the call is forgotten; a copy of the BYE gets 481, which ends it as well.
    queueMicrotask(() => this.#end('node', 'BYE received'));
    return 200;
  }

  /** RFC 3515: agrees, and tells what became of the new call, which is not made. */
  #onRefer(): number {
    const { answer, notify } = this.#options.refers ?? { answer: 501 };
    if (notify !== undefined) queueMicrotask(() => this.#notify(notify));
    return answer;
  }

  #notify(status: number): void {
    const dialog = this.#dialog;
    if (dialog === null || this.#isGone) return;
    this.#cseq += 1;
    const rows: Row[] = [
      ...routeRows(dialog.routes),
      ['Event', 'refer'],
      ['Subscription-State', 'terminated;reason=noresource'],
    ];
    this.#request('NOTIFY', dialog.target, rows, {
      cseq: this.#cseq,
      body: Buffer.from(`SIP/2.0 ${status} Of The New Call\r\n`),
    });
  }

  #sendInvite(credentials: readonly Row[]): void {
    const { local, stream } = this.#parts;
    this.#cseq += 1;
    const rows = [...credentials, ...(this.#options.headers ?? [])];
    this.#invite = this.#request('INVITE', this.#target(), rows, {
      cseq: this.#cseq,
      body: writeOffer(local.address, stream.port, this.#options.codecs ?? ['PCMU']),
    });
  }

  #onInviteResponse(response: SipResponse): void {
    const { status, reason } = response;
    if (response.cseq.number === this.#reinvite) return this.#onReofferResponse(response);
    // An answer to the INVITE that was challenged, come again.
    if (response.cseq.number !== this.#invite?.cseq && status >= 200)
      return this.#acknowledge(response);
    const event = `${status} ${reason}`;
    if (status < 200) return this.timeline.noteOnce(event);
    if (status < 300) return this.#onAnswered(response);
    this.#acknowledge(response);
    if (this.timeline.at(event) === null || status === 401 || status === 407)
      this.timeline.note(event);
    if (!this.#answerChallenge(response)) {
      this.#settleAnswer({ kind: 'refused', status, phrase: reason });
      this.forget();
    }
  }

  /** Sends the INVITE again with credentials; false when this is no challenge, or one that was answered before. */
  #answerChallenge(response: SipResponse): boolean {
    const { credentials } = this.#options;
    const isProxy = response.status === 407;
    if ((!isProxy && response.status !== 401) || this.#hasAnsweredChallenge) return false;
    if (credentials === undefined) return false;
    const challenges = response.fields.all(isProxy ? 'proxy-authenticate' : 'www-authenticate');
    const value = answerDigest({
      ...credentials,
      challenges,
      method: 'INVITE',
      uri: this.#target(),
    });
    if (value === null) return false;
    runSecrets.keep('password', credentials.password);
    runSecrets.keep('digest answer', /response="(\w+)"/.exec(value)?.[1] ?? '');
    this.#hasAnsweredChallenge = true;
    this.timeline.note('INVITE with credentials');
    this.#sendInvite([[isProxy ? 'Proxy-Authorization' : 'Authorization', value]]);
    return true;
  }

  #onAnswered(response: SipResponse): void {
    // A 200 that comes again has not seen our ACK: it gets the same once more. RFC 3261 §13.2.2.4.
    if (this.#ack !== null) return this.#parts.send(this.#ack);
    this.timeline.note(`${response.status} ${response.reason}`);
    this.answerFields = response.fields;
    const contact = /<([^>]+)>/.exec(response.fields.first('contact') ?? '')?.[1];
    this.#dialog = {
      toHeader: response.fields.first('to') ?? '',
      target: contact ?? this.#target(),
      routes: [...response.fields.all('record-route')].reverse(),
    };
    this.#ack = this.#write('ACK', this.#dialog.target, routeRows(this.#dialog.routes), {
      branch: makeBranch(),
      cseq: response.cseq.number,
    });
    this.#parts.send(this.#ack);
    const { address, port, codec } = readAnswer(response.body);
    this.mediaTarget = { address, port };
    this.#parts.stream.start({ address, port }, codec, this.#options.says ?? silence);
    this.#settleAnswer({ kind: 'answered' });
  }

  #onReofferResponse(response: SipResponse): void {
    const dialog = this.#dialog;
    if (response.status < 200 || dialog === null) return;
    this.#reinvite = null;
    this.timeline.note(`${response.status} to re-INVITE`);
    if (response.status >= 300) return this.#acknowledge(response);
    this.#ack = this.#write('ACK', dialog.target, routeRows(dialog.routes), {
      branch: makeBranch(),
      cseq: response.cseq.number,
    });
    this.#parts.send(this.#ack);
  }

  /** ACK of a refusal: same branch, same Request-URI as the INVITE, the To of the answer. RFC 3261 §17.1.1.3. */
  #acknowledge(response: SipResponse): void {
    const bytes = this.#write('ACK', this.#target(), [], {
      branch: response.via.parameters.get('branch') ?? '',
      cseq: response.cseq.number,
      to: response.fields.first('to') ?? '',
    });
    this.#parts.send(bytes);
  }

  #end(by: CallEnd, event: string): void {
    if (this.#isGone) return;
    this.timeline.note(event);
    this.forget();
    this.#settleEnd(by);
  }

  /** Sends a request until it is answered. */
  #request(
    method: string,
    uri: string,
    rows: readonly Row[],
    { branch = makeBranch(), cseq, body }: { branch?: string; cseq: number; body?: Buffer },
  ): SentRequest {
    const bytes = this.#write(method, uri, rows, { branch, cseq, ...(body && { body }) });
    const resend = new Resend(
      () => this.#parts.send(bytes),
      method === 'INVITE',
      () => {
        this.timeline.note(`no answer to ${method}`);
        if (method === 'INVITE') this.#settleAnswer({ kind: 'no-answer' });
        if (method === 'BYE') this.#settleEnd('phone');
        this.forget();
      },
    );
    this.#pending.set(branch + method, resend);
    return { method, uri, branch, cseq, bytes };
  }

  #write(
    method: string,
    uri: string,
    rows: readonly Row[],
    request: { branch: string; cseq: number; to?: string; body?: Buffer },
  ): Buffer {
    const { address, port } = this.#parts.local;
    const host = address.includes(':') ? `[${address}]` : address;
    const { from } = this.#options;
    const to = request.to ?? this.#dialog?.toHeader ?? `<${this.#target()}>`;
    return writeMessage({
      start: { kind: 'request', method, uri },
      rows: [
        ['Via', `SIP/2.0/UDP ${host}:${port};branch=${request.branch};rport`],
        ['Max-Forwards', '70'],
        ['From', `<sip:${from}@${host}>;tag=${this.#fromTag}`],
        ['To', to],
        ['Call-ID', this.callId],
        ['CSeq', `${request.cseq} ${method}`],
        ...rows,
        ...(method === 'INVITE' ? ([['Contact', `<sip:${from}@${host}:${port}>`]] as const) : []),
        ['User-Agent', 'Callgate test phone'],
        ...(request.body === undefined ? [] : ([['Content-Type', bodyTypeOf(method)]] as const)),
      ],
      ...(request.body === undefined ? {} : { body: request.body }),
    });
  }

  /** Request-URI of the INVITE. */
  #target(): string {
    const { address, port } = this.#options.target;
    return `sip:${this.#options.to}@${address.includes(':') ? `[${address}]` : address}:${port}`;
  }
}

function bodyTypeOf(method: string): string {
  return method === 'NOTIFY' ? 'message/sipfrag' : 'application/sdp';
}

function routeRows(routes: readonly string[]): Row[] {
  return routes.map((route) => ['Route', route]);
}

/** RFC 3261 §8.1.1.7: the cookie, and what nobody can guess. */
function makeBranch(): string {
  return `z9hG4bK${randomBytes(12).toString('hex')}`;
}
