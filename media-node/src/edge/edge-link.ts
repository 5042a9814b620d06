/**
 * The node's end of the link to the edge (shared/contract/link.ts): one WebSocket that tells each new routing revision as it is made, brings commands, and tells
 * the edge how the node is. It comes back by itself, with growing, jittered waits, and finds out by pings when nobody is there any more. Calls never
 * depend on it.
 */
import type { CommandResult, NodeCommand } from '@callgate/shared/contract/command.ts';
import {
  type LinkFromNode,
  linkFromEdge,
  linkPing,
  linkPong,
  linkProtocol,
  linkProtocols,
  linkTaken,
  type NodeStatus,
} from '@callgate/shared/contract/link.ts';
import { processHeader } from '@callgate/shared/contract/process.ts';
import { linkLimits } from '@callgate/shared/limits.ts';
import { WebSocket } from 'ws';
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../ops/log.ts';

export interface EdgeLinkOptions {
  /** The edge's URL, http or https. */
  readonly url: URL;
  /** The token in force: it may change while the node runs. */
  readonly nodeToken: () => string;
  /** The word of this run of the node (shared/contract/process.ts). */
  readonly process: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with each revision the edge tells, the first when the link is made. */
  readonly onRevision: (revision: number) => void;
  /** Does what the edge wants. Must not reject. */
  readonly onCommand: (command: NodeCommand) => Promise<CommandResult>;
  readonly status: () => NodeStatus;
  /** 0 to 1, for the jitter of waits. */
  readonly random: () => number;
}

/** Normal closure (RFC 6455 §7.4.1): the node has ended its calls and goes. */
const normalClosure = 1_000;
/** How long the edge is given to close its side, ms. */
const goodbyeMs = 500;

export class EdgeLink {
  readonly #options: EdgeLinkOptions;
  #socket: WebSocket | null = null;
  /** The next ping, the end of the wait for its answer, or the next attempt. */
  #timer: Timer | null = null;
  #statusTimer: Timer | null = null;
  #failures = 0;
  #isClosed = false;
  #isLinked = false;
  #links = 0;

  constructor(options: EdgeLinkOptions) {
    this.#options = options;
  }

  get isLinked(): boolean {
    return this.#isLinked;
  }

  /** Counts the links of this process, the one that is up included; null: none is up. */
  get linkNumber(): number | null {
    return this.#isLinked ? this.#links : null;
  }

  /** Opens the link, and opens it again whenever it breaks, until close. */
  start(): void {
    this.#connect();
  }

  /** Tells the edge how the node is, now: its state has changed. */
  tellStatus(): void {
    this.#statusTimer?.cancel();
    this.#statusTimer = null;
    const socket = this.#socket;
    if (!this.#isLinked || socket?.protocol !== linkProtocol) return;
    this.#say(socket, { type: 'status', status: this.#options.status() });
    this.#statusTimer = this.#options.clock.after(linkLimits.statusMs, () => this.tellStatus());
  }

  /** Says goodbye, so that the edge does not take the node for lost, and frees everything. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#statusTimer?.cancel();
    const socket = this.#socket;
    if (socket === null) return;
    if (socket.readyState !== WebSocket.OPEN) return socket.terminate();
    await new Promise<void>((resolve) => {
      const late = this.#options.clock.after(goodbyeMs, resolve);
      socket.once('close', () => {
        late.cancel();
        resolve();
      });
      socket.close(normalClosure, 'the node ends');
    });
    socket.terminate();
  }

  #connect(): void {
    this.#timer = null;
    const url = new URL('v1/nodes/link', withSlash(this.#options.url));
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, [...linkProtocols], {
      headers: {
        authorization: `Bearer ${this.#options.nodeToken()}`,
        [processHeader]: this.#options.process,
      },
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
    socket.on('close', (code, reason) =>
      this.#onClose(code, why === '' ? `closed with ${code} ${String(reason)}`.trim() : why),
    );
  }

  #onMessage(socket: WebSocket, text: string): void {
    if (this.#isClosed) return;
    this.#wait(linkLimits.pingMs, () => this.#ping(socket));
    if (text === linkPong) return;
    const message = parse(text);
    const reading = linkFromEdge.safeParse(message);
    if (!reading.success) return this.#refuse(socket, message);
    const { data } = reading;
    if (data.type === 'command') void this.#obey(data.id, data.command);
    else this.#onRevision(socket, data.revision);
  }

  #onRevision(socket: WebSocket, revision: number): void {
    const isNew = !this.#isLinked;
    if (isNew) {
      this.#links += 1;
      this.#options.log('info', 'edge-linked', { revision });
    }
    this.#isLinked = true;
    this.#failures = 0;
    this.#options.onRevision(revision);
    this.#say(socket, { type: 'seen', revision });
    if (isNew) this.tellStatus();
  }

  /** The link may be another by the time that the command is obeyed: a transfer takes a while. */
  async #obey(id: string, command: NodeCommand): Promise<void> {
    this.#options.log('info', 'command', { command: command.do });
    const result = await this.#options.onCommand(command);
    if (this.#socket !== null) this.#say(this.#socket, { type: 'result', id, result });
    this.tellStatus();
  }

  /** A message of a newer edge: what it means is not for this node; a command is answered all the same. */
  #refuse(socket: WebSocket, message: unknown): void {
    if (typeof message !== 'object' || message === null || !('id' in message)) return;
    if (typeof message.id !== 'string' || message.id === '' || message.id.length > 64) return;
    const detail = 'this node does not know the command';
    const result: CommandResult = { kind: 'refused', why: 'unknown-command', detail };
    this.#say(socket, { type: 'result', id: message.id, result });
  }

  #say(socket: WebSocket, message: LinkFromNode): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  /** Anything that comes before the time is up shows that the link lives. */
  #ping(socket: WebSocket): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(linkPing);
    this.#wait(linkLimits.pongMs, () => socket.terminate());
  }

  #onClose(code: number, why: string): void {
    this.#socket = null;
    if (this.#isClosed) return;
    // A process of ours never has two: a machine was copied, or two nodes were given one name.
    if (code === linkTaken) this.#options.log('error', 'edge-link-taken', { why });
    else if (this.#isLinked || this.#failures === 0)
      this.#options.log('warn', 'edge-link-lost', { why });
    this.#isLinked = false;
    this.#statusTimer?.cancel();
    this.#wait(this.#waitMs(code) * (0.5 + this.#options.random() / 2), () => this.#connect());
  }

  /** Two that have one name do not take the link from each other all the time. */
  #waitMs(code: number): number {
    const { retryFirstMs, retryBusyMaxMs, retryMaxMs } = linkLimits;
    if (code === linkTaken) return retryMaxMs;
    const longest = this.#options.status().calls > 0 ? retryBusyMaxMs : retryMaxMs;
    const waitMs = Math.min(retryFirstMs * 2 ** this.#failures, longest);
    this.#failures = Math.min(this.#failures + 1, 16);
    return waitMs;
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
