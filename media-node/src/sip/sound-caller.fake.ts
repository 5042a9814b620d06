/**
 * A caller that follows RFC 3261 to the letter: client transactions that resend, an ACK for every copy of a 200 or of a
 * refusal, answers to a BYE. The network between it and the endpoint is a function that a test gives.
 */
import type { Clock } from '../clock.ts';
import {
  firstLine,
  headerOf,
  offer,
  type RequestOptions,
  requestText,
  responseText,
  toTagOf,
} from './scripted-peer.fake.ts';
import { inviteClient } from './transaction/invite-client.ts';
import { nonInviteClient } from './transaction/non-invite-client.ts';
import { standardTiming } from './transaction/timing.ts';
import { Transaction } from './transaction/transaction.ts';

/** What the caller has seen of its call. */
export type CallerEvent =
  | 'answered'
  | `refused ${number}`
  | 'held'
  | 'bye sent'
  | 'bye received'
  | 'timeout';

export class SoundCaller {
  readonly events: CallerEvent[] = [];
  readonly #clock: Clock;
  readonly #callId: string;
  readonly #send: (text: string) => void;
  readonly #transactions = new Map<string, { receive(text: string, status: number): void }>();
  #number = 0;
  #hasProvisional = false;
  #wantsCancel = false;
  #toTag = '';
  #isTransferring = false;
  /** RSeq of the last provisional answer that was acknowledged. */
  #rseq: number | null = null;

  /** @param send puts a message on the network */
  constructor(clock: Clock, send: (text: string) => void, callId = 'call-1') {
    this.#clock = clock;
    this.#callId = callId;
    this.#send = send;
  }

  /** Calls; answers a 407 with credentials once. */
  invite(headers: Readonly<Record<string, string>> = {}): void {
    this.#number += 1;
    const number = this.#number;
    const text = this.#text({ number, headers });
    const acknowledge = (toTag: string, branch?: string) =>
      this.#text({ method: 'ACK', number, toTag, ...(branch === undefined ? {} : { branch }) });
    const transaction = this.#run('INVITE', number, text, {
      machine: inviteClient,
      acknowledge: (response) => acknowledge(toTagOf(response), `z9hG4bK-INVITE-${number}`),
      onFinal: (response, status) => {
        if (status === 407 && headers['Proxy-Authorization'] === undefined) {
          return this.invite({ 'Proxy-Authorization': 'Digest username="u"' });
        }
        if (status >= 300) return void this.events.push(`refused ${status}`);
        this.#toTag = toTagOf(response);
        this.#send(acknowledge(this.#toTag, `z9hG4bK-ACK-${number}`));
        if (!this.events.includes('answered')) this.events.push('answered');
      },
    });
    transaction.start();
  }

  /** A re-INVITE; tried again when the other side has one of its own to finish (RFC 3261 §14.1). */
  hold(): void {
    this.#number += 1;
    const number = this.#number;
    const toTag = this.#toTag;
    const body = `${offer}a=sendonly\r\n`;
    const acknowledge = (branch: string) =>
      this.#text({ method: 'ACK', number, toTag, branch: `${branch}-${number}` });
    this.#run('INVITE', number, this.#text({ number, toTag, body }), {
      machine: inviteClient,
      acknowledge: () => acknowledge('z9hG4bK-INVITE'),
      onFinal: (_response, status) => {
        if (status >= 300) return void this.#clock.after(2_500, () => this.hold());
        this.#send(acknowledge('z9hG4bK-ACK'));
        if (!this.events.includes('held')) this.events.push('held');
      },
    }).start();
  }

  /** Acknowledges a provisional answer that must arrive, in its order and once: RFC 3262 §4. */
  #acknowledgeProvisional(response: string): void {
    const rseq = Number(headerOf(response, 'RSeq')[0] ?? 'none');
    if (Number.isNaN(rseq) || (this.#rseq !== null && rseq !== this.#rseq + 1)) return;
    this.#rseq = rseq;
    const rack = `${rseq} ${headerOf(response, 'CSeq')[0]}`;
    this.#toTag = toTagOf(response);
    this.#request('PRACK', { RAck: rack });
  }

  /** A request in the dialog that wants nothing but its answer. */
  #request(method: string, headers: Readonly<Record<string, string>> = {}, body = ''): void {
    this.#number += 1;
    const number = this.#number;
    const text = this.#text({ method, number, toTag: this.#toTag, headers, body });
    this.#run(method, number, text, { machine: nonInviteClient, onFinal: () => {} }).start();
  }

  /** Gives up; only after a provisional answer may CANCEL go out (RFC 3261 §9.1). */
  cancel(): void {
    if (!this.#hasProvisional) {
      this.#wantsCancel = true;
      return;
    }
    const number = this.#number;
    const text = this.#text({ method: 'CANCEL', number, branch: `z9hG4bK-INVITE-${number}` });
    this.#run('CANCEL', number, text, { machine: nonInviteClient, onFinal: () => {} }).start();
  }

  bye(): void {
    this.events.push('bye sent');
    this.#request('BYE');
  }

  /** A message arrives. */
  receive(text: string): void {
    const line = firstLine(text);
    if (line.startsWith('BYE ')) {
      this.#send(responseText(text, 200));
      if (!this.events.includes('bye received')) this.events.push('bye received');
      return;
    }
    // A refresh keeps what was agreed.
    if (line.startsWith('UPDATE ')) {
      return this.#send(responseText(text, 200, 'OK', 'Session-Expires: 90;refresher=uac\r\n'));
    }
    if (line.startsWith('REFER ')) return this.#transfer(text);
    const cseq = /^CSeq: (\d+ [A-Z]+)\r$/m.exec(text)?.[1] ?? '';
    this.#transactions.get(cseq)?.receive(text, Number(line.slice(0, 3)));
  }

  /** Does as it is asked, tells so once, and hangs up. RFC 3515 §2.4. */
  #transfer(refer: string): void {
    this.#send(responseText(refer, 202, 'Accepted'));
    if (this.#isTransferring) return;
    this.#isTransferring = true;
    const headers = { Event: 'refer', 'Content-Type': 'message/sipfrag' };
    const notify = (state: string, fragment: string) =>
      this.#request('NOTIFY', { ...headers, 'Subscription-State': state }, fragment);
    this.#clock.after(1_000, () => notify('active', 'SIP/2.0 180 Ringing'));
    this.#clock.after(80_000, () => notify('terminated', 'SIP/2.0 200 OK'));
    this.#clock.after(160_000, () => this.bye());
  }

  /** The branch names the call: two callers of one test are two clients. */
  #text(options: RequestOptions): string {
    const callId = this.#callId;
    const branch =
      (options.branch ?? `z9hG4bK-${options.method ?? 'INVITE'}-${options.number}`) + callId;
    return requestText({ ...options, callId, branch });
  }

  #run<Name extends string, Input extends string>(
    method: string,
    number: number,
    request: string,
    options: {
      machine: typeof inviteClient | typeof nonInviteClient;
      acknowledge?: (response: string) => string;
      onFinal: (response: string, status: number) => void;
    },
  ): { start(): void } {
    const isInvite = method === 'INVITE';
    const transaction = new Transaction<Name, Input, string>(
      options.machine as unknown as ConstructorParameters<
        typeof Transaction<Name, Input, string>
      >[0],
      {
        timing: standardTiming(false),
        clock: this.#clock,
        ageLimitMs: 1_000_000,
        hands: {
          send: (bytes) => this.#send(bytes.toString('latin1')),
          acknowledge: (response) => Buffer.from(options.acknowledge?.(response) ?? '', 'latin1'),
          pass: (response) => {
            const status = Number(firstLine(response).slice(0, 3));
            if (status >= 200) return options.onFinal(response, status);
            this.#hasProvisional = true;
            this.#acknowledgeProvisional(response);
            if (!this.#wantsCancel) return;
            this.#wantsCancel = false;
            this.cancel();
          },
          timedOut: () => void this.events.push('timeout'),
          unsent: () => {},
          terminated: () => void this.#transactions.delete(`${number} ${method}`),
          fault: (error) => {
            throw error;
          },
        },
      },
    );
    this.#transactions.set(`${number} ${method}`, {
      receive(text, status) {
        const final = isInvite ? (status < 300 ? 'success' : 'refusal') : 'final';
        transaction.handle((status < 200 ? 'provisional' : final) as Input, { message: text });
      },
    });
    return {
      start: () =>
        transaction.handle('request' as Input, { bytes: Buffer.from(request, 'latin1') }),
    };
  }
}
