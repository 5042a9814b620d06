/**
 * The signalling WebSocket of one participant: LiveKit's protobuf messages in both directions, kept alive by pings. It knows nothing of what they
 * mean. The token travels in a header, so that it stands in no URL and no access log.
 */

import { roomLimits } from '@callgate/shared/limits.ts';
import { Ping, SignalRequest, SignalResponse } from '@livekit/protocol';
import { WebSocket } from 'ws';
import type { Clock, Timer } from '../../../clock.ts';
import type { MediaTick } from '../../media-tick.ts';
import { isAcknowledged } from './acknowledged.ts';
import type { ReadySocket, SpareSockets } from './spare-sockets.ts';

export interface SignalEvents {
  onMessage(message: SignalResponse['message']): void;
  /** The server answered the upgrade with this HTTP status instead. Nothing follows. */
  onRefused(status: number): void;
  /** Never connected, closed by the server, or silent for too long. Nothing follows. Not after `close`. */
  onLost(why: string): void;
}

/** For the close of a connection that we gave up, ms. */
const closeWaitMs = 500;
/** A proxy's answer to a connection that has lain idle for too long. RFC 9110 §15.5.9. */
const requestTimeout = 408;

export class SignalClient {
  readonly #events: SignalEvents;
  readonly #clock: Clock;
  readonly #tick: MediaTick;
  readonly #spares: SpareSockets | null;
  #socket: WebSocket | null = null;
  #stopPings: (() => void) | null = null;
  /** How long one that lay ready has to bring an answer. */
  #patience: Timer | null = null;
  #heardAtMono = 0;

  /** @param spares connections that lie ready; null: none do */
  constructor(
    events: SignalEvents,
    clock: Clock,
    tick: MediaTick,
    spares: SpareSockets | null = null,
  ) {
    this.#events = events;
    this.#clock = clock;
    this.#tick = tick;
    this.#spares = spares;
  }

  /** Connects, over what lies ready if anything does. Call once. */
  open(url: URL, token: string): void {
    const ready = this.#spares?.take(url) ?? null;
    if (ready === null) return this.#connect(url, token);
    this.#connect(url, token, { ready, again: () => this.#connect(url, token) });
  }

  /**
   * @param spare what lay ready may have died unseen: when our request does not get through on it, `again` takes its place at once. A server that has the request and takes its time is not asked a
   * second time: it would let the same participant in twice, and send one of them away.
   */
  #connect(
    url: URL,
    token: string,
    spare: { readonly ready: ReadySocket; readonly again: () => void } | null = null,
  ): void {
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      maxPayload: roomLimits.signalMessageBytesMax,
      skipUTF8Validation: true,
      ...(spare === null ? {} : { createConnection: () => spare.ready.socket }),
    });
    this.#socket = socket;
    socket.binaryType = 'nodebuffer';
    let isAnswered = false;
    const lose = (why: string) => {
      if (!this.#drop(socket)) return;
      if (isAnswered || spare === null) this.#events.onLost(why);
      else spare.again();
    };
    const giveUpUnlessAsked = async ({ transport }: ReadySocket) => {
      if ((await isAcknowledged(transport)) === true || isAnswered) return;
      lose('the request does not get through');
      // Closed alone, what it still holds would be sent when the way comes back.
      transport.resetAndDestroy();
      socket.terminate();
    };
    if (spare !== null)
      this.#patience = this.#clock.after(
        roomLimits.spareSocketMs,
        () => void giveUpUnlessAsked(spare.ready),
      );
    socket.on('open', () => {
      isAnswered = true;
      this.#patience?.cancel();
    });
    socket.on('message', (data) => {
      if (this.#socket === socket && Buffer.isBuffer(data)) this.#onData(data);
    });
    socket.on('unexpected-response', (request, response) => {
      response.resume();
      request.destroy();
      const { statusCode = 0 } = response;
      if (spare !== null && statusCode === requestTimeout) lose('the connection was given up');
      else if (this.#drop(socket)) this.#events.onRefused(statusCode);
    });
    // An error is always followed by a close; the reason of it is the more telling one.
    socket.on('error', (error) => lose(error.message));
    socket.on('close', (code) => lose(`the server closed the signalling, code ${code}`));
  }

  /** Sends a request; without a connection it is lost. */
  send(message: SignalRequest['message']): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(new SignalRequest({ message }).toBinary());
  }

  /** Begins to ping, at the server's pace. @param intervalMs 0: the server wants none */
  keepAlive(intervalMs: number, timeoutMs: number): void {
    this.#stopPings?.();
    this.#stopPings = null;
    if (intervalMs <= 0) return;
    const silenceMaxMs = Math.min(timeoutMs || roomLimits.pingTimeoutMs, roomLimits.pingTimeoutMs);
    let pingedAtMono = this.#clock.nowMono();
    this.#heardAtMono = pingedAtMono;
    this.#stopPings = this.#tick.everySecond((now) => {
      if (now - this.#heardAtMono > silenceMaxMs) return this.#onSilence(silenceMaxMs);
      if (now - pingedAtMono < intervalMs) return;
      pingedAtMono = now;
      const timestamp = BigInt(Math.round(this.#clock.nowWall()));
      this.send({ case: 'pingReq', value: new Ping({ timestamp, rtt: 0n }) });
    });
  }

  /** Closes for good; what was sent before still goes out. */
  close(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#drop(socket);
    socket.close();
    // The library waits 30 s for the other side's close; nobody here does.
    const timer = this.#clock.after(closeWaitMs, () => socket.terminate());
    socket.on('close', () => timer.cancel());
  }

  #onData(data: Buffer): void {
    this.#heardAtMono = this.#clock.nowMono();
    let response: SignalResponse;
    try {
      response = SignalResponse.fromBinary(data);
    } catch {
      // A message we cannot read, from a newer server perhaps: those that matter have been stable for years.
      return;
    }
    this.#events.onMessage(response.message);
  }

  #onSilence(silenceMaxMs: number): void {
    const socket = this.#socket;
    if (socket === null || !this.#drop(socket)) return;
    socket.terminate();
    this.#events.onLost(`the server was silent for ${silenceMaxMs} ms`);
  }

  /** Lets go of the socket. @returns whether it was still the one in use */
  #drop(socket: WebSocket): boolean {
    if (this.#socket !== socket) return false;
    this.#socket = null;
    this.#patience?.cancel();
    this.#stopPings?.();
    this.#stopPings = null;
    return true;
  }
}
