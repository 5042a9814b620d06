/**
 * A phone of our own: a SIP user agent client over UDP that does what a phone does and notes when. It shares the node's grammar of
 * messages and its G.711 tables; transactions and dialogs are its own, so that the node's are judged by something else.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { SipRequest } from '../../media-node/src/sip/wire/message.ts';
import { readMessage } from '../../media-node/src/sip/wire/read-message.ts';
import { type Row, writeMessage } from '../../media-node/src/sip/wire/write-message.ts';
import { PhoneCall, type PhoneCallOptions } from './phone-call.ts';
import { RtpStream } from './rtp-stream.ts';
import { CallTimeline } from './timeline.ts';

export class SipPhone {
  readonly address: string;
  readonly #socket: Socket;
  readonly #calls = new Map<string, PhoneCall>();

  private constructor(socket: Socket, address: string) {
    this.#socket = socket;
    this.address = address;
    socket.on('message', (bytes, from) => this.#receive(bytes, from));
    // ICMP says that a node is gone; the call notices by itself that nothing answers.
    socket.on('error', () => {});
  }

  /** Binds a free UDP port on an address of this machine. */
  static async open(address = '127.0.0.1'): Promise<SipPhone> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((settle, fail) => {
      socket.once('error', fail);
      socket.bind(0, address, settle);
    });
    return new SipPhone(socket, address);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Sends an INVITE. The call is followed through what is returned. */
  async call(options: PhoneCallOptions): Promise<PhoneCall> {
    const timeline = options.timeline ?? new CallTimeline();
    const stream = await RtpStream.open(
      this.address,
      {
        onFirstPacket: () => timeline.noteOnce('first RTP'),
        onFirstSound: () => timeline.noteOnce('first audio at the phone'),
        onSamples: options.hears,
      },
      options.line,
    );
    const call = new PhoneCall(options, {
      local: { address: this.address, port: this.port },
      timeline,
      stream,
      send: (bytes) =>
        this.#socket.send(bytes, options.target.port, options.target.address, () => {}),
      onGone: (callId) => this.#calls.delete(callId),
    });
    this.#calls.set(call.callId, call);
    call.start();
    return call;
  }

  /** Forgets every call without a word and frees the sockets. Hang up first to be polite. */
  close(): void {
    for (const call of this.#calls.values()) call.forget();
    this.#calls.clear();
    this.#socket.close();
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    const reading = readMessage(bytes);
    if (reading.kind !== 'message') return;
    const { message } = reading;
    const call = this.#calls.get(message.callId);
    if (message.kind === 'response') {
      call?.onResponse(message);
      return;
    }
    if (message.method === 'ACK') return;
    const status = call === undefined ? 481 : call.onRequest(message);
    this.#answer(message, status, from);
  }

  #answer(request: SipRequest, status: number, to: RemoteInfo): void {
    const rows: Row[] = [
      ...request.viaTexts.map((via): Row => ['Via', via]),
      ['From', request.fields.first('from') ?? ''],
      ['To', request.fields.first('to') ?? ''],
      ['Call-ID', request.callId],
      ['CSeq', `${request.cseq.number} ${request.cseq.method}`],
    ];
    const phrases = new Map([
      [200, 'OK'],
      [202, 'Accepted'],
      [481, 'Call/Transaction Does Not Exist'],
      [501, 'Not Implemented'],
    ]);
    const start = { kind: 'response', status, phrase: phrases.get(status) ?? '' } as const;
    this.#socket.send(writeMessage({ start, rows }), to.port, to.address, () => {});
  }
}
