/**
 * The node's end of the link to the edge (shared/contract/link.ts): one WebSocket that tells each new routing revision as it is made. It comes back by itself, with
 * growing, jittered waits, and finds out by pings when nobody is there any more. Calls never depend on it.
 */
import {
  type LinkFromNode,
  linkFromEdge,
  linkPing,
  linkPong,
  linkProtocol,
} from '@callgate/shared/contract/link.ts';
import { linkLimits } from '@callgate/shared/limits.ts';
import { WebSocket } from 'ws';
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../ops/log.ts';

export interface EdgeLinkOptions {
  /** The edge's URL, http or https. */
  readonly url: URL;
  readonly nodeToken: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with each revision the edge tells, the first when the link is made. */
  readonly onRevision: (revision: number) => void;
  /** 0 to 1, for the jitter of waits. */
  readonly random: () => number;
}

export class EdgeLink {
  readonly #options: EdgeLinkOptions;
  #socket: WebSocket | null = null;
  #timer: Timer | null = null;
  #failures = 0;
  #isClosed = false;
  #isLinked = false;

  constructor(options: EdgeLinkOptions) {
    this.#options = options;
  }

  get isLinked(): boolean {
    return this.#isLinked;
  }

  /** Opens the link, and opens it again whenever it breaks, until close. */
  start(): void {
    this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#socket?.terminate();
  }

  #connect(): void {
    this.#timer = null;
    const url = new URL('v1/nodes/link', withSlash(this.#options.url));
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, linkProtocol, {
      headers: { authorization: `Bearer ${this.#options.nodeToken}` },
      handshakeTimeout: linkLimits.handshakeMs,
      maxPayload: linkLimits.messageCharactersMax,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    let why = '';
    socket.on('error', (error) => {
      why = error.message;
    });
    socket.on('open', () => this.#wait(linkLimits.pingMs, () => this.#ping(socket)));
    socket.on('message', (data) => this.#onMessage(socket, String(data)));
    socket.on('close', (code) => this.#onClose(why === '' ? `closed with ${code}` : why));
  }

  #onMessage(socket: WebSocket, text: string): void {
    this.#wait(linkLimits.pingMs, () => this.#ping(socket));
    if (text === linkPong) return;
    const reading = linkFromEdge.safeParse(parse(text));
    // A message of a newer edge; what it means is not for this node.
    if (!reading.success) return;
    if (!this.#isLinked)
      this.#options.log('info', 'edge-linked', { revision: reading.data.revision });
    this.#isLinked = true;
    this.#failures = 0;
    const { revision } = reading.data;
    this.#options.onRevision(revision);
    socket.send(JSON.stringify({ type: 'seen', revision } satisfies LinkFromNode));
  }

  /** Anything that comes before the time is up shows that the link lives. */
  #ping(socket: WebSocket): void {
    socket.send(linkPing);
    this.#wait(linkLimits.pongMs, () => socket.terminate());
  }

  #onClose(why: string): void {
    this.#socket = null;
    if (this.#isClosed) return;
    if (this.#isLinked || this.#failures === 0)
      this.#options.log('warn', 'edge-link-lost', { why });
    this.#isLinked = false;
    const waitMs = Math.min(linkLimits.retryFirstMs * 2 ** this.#failures, linkLimits.retryMaxMs);
    this.#failures = Math.min(this.#failures + 1, 16);
    this.#wait(waitMs * (0.5 + this.#options.random() / 2), () => this.#connect());
  }

  #wait(delayMs: number, fire: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(delayMs, fire);
  }
}

function withSlash(url: URL): URL {
  return url.pathname.endsWith('/') ? url : new URL(`${url.href}/`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not a message of the contract: the schema refuses null.
    return null;
  }
}
