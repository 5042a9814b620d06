/**
 * The edge's end of a node's link (Durable Object, one per node, hibernating WebSocket): passes each new revision and each command on, keeps what the node
 * tells of itself, and tells the routing table what it has seen. A node has one link: a new one closes the old.
 */
import { DurableObject } from 'cloudflare:workers';
import type { NodeCommand } from '@callgate/shared/contract/command.ts';
import {
  linkFromNode,
  linkPing,
  linkPong,
  type NodeStatus,
} from '@callgate/shared/contract/link.ts';
import { commandLimits } from '@callgate/shared/limits.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Env } from '../env.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';
import { keepState, parseMessage, send, stateOf, takesCommands } from './link-socket.ts';
import { type CommandAnswer, PendingCommands } from './pending-commands.ts';

/** Close codes of ours (RFC 6455 §7.4.2: 4000 to 4999 are for applications). */
const replaced = 4_000;
const badMessage = 4_001;

/** A linked node as operators see it. */
export interface NodeLinkReport {
  readonly protocol: string;
  readonly linked_at_ms: number;
  /** When the node was last heard, pings included. */
  readonly heard_at_ms: number;
  readonly status: NodeStatus | null;
}

export class NodeLink extends DurableObject<Env> {
  clock: Clock = systemClock;
  readonly #pending = new PendingCommands();

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    // Answered by the runtime: an idle node does not wake the object.
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(linkPing, linkPong));
  }

  /** Takes the link of a node. The Worker has checked who it is and picked the protocol. */
  override async fetch(request: Request): Promise<Response> {
    const node = request.headers.get('x-callgate-node') ?? '';
    const protocol = request.headers.get('x-callgate-protocol') ?? '';
    for (const old of this.ctx.getWebSockets()) old.close(replaced, 'another link of this node');
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const now = this.clock.now();
    keepState(server, { node, protocol, linkedAtMs: now, heardAtMs: now, status: null });
    const revision = await routingTableOf(this.env).linked(node);
    send(server, { type: 'revision', revision });
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { 'sec-websocket-protocol': protocol },
    });
  }

  /** Passes a revision on. false: the node is not linked. */
  async push(revision: number): Promise<boolean> {
    const links = this.ctx.getWebSockets();
    for (const link of links) send(link, { type: 'revision', revision });
    return links.length > 0;
  }

  /** Has the node do something. Resolves with its result, or with why there is none after `timeoutMs`. */
  async command(
    command: NodeCommand,
    timeoutMs: number = commandLimits.answerMs,
  ): Promise<CommandAnswer> {
    const link = this.#link();
    if (link === null) return { kind: 'no-result', why: 'not-linked' };
    if (!takesCommands(link)) return { kind: 'no-result', why: 'too-old' };
    return this.#pending.ask((id) => send(link, { type: 'command', id, command }), timeoutMs);
  }

  /** null: the node is not linked. */
  async report(): Promise<NodeLinkReport | null> {
    const link = this.#link();
    if (link === null) return null;
    const { protocol, linkedAtMs, status } = stateOf(link);
    return {
      protocol,
      linked_at_ms: linkedAtMs,
      heard_at_ms: this.#heardAtMs(link),
      status,
    };
  }

  override async webSocketMessage(link: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const reading = linkFromNode.safeParse(parseMessage(message));
    if (!reading.success) {
      link.close(badMessage, 'expected a message of the link');
      return;
    }
    const { data } = reading;
    const state = { ...stateOf(link), heardAtMs: this.clock.now() };
    switch (data.type) {
      case 'seen':
        keepState(link, state);
        return await routingTableOf(this.env).seen(state.node, data.revision);
      case 'status':
        keepState(link, { ...state, status: data.status });
        if (data.status.state === 'draining' && state.status?.state !== 'draining')
          await routingTableOf(this.env).tellNode('node.draining', state.node);
        return;
      case 'result':
        return this.#pending.answer(data.id, data.result);
      default:
        return data satisfies never;
    }
  }

  override async webSocketClose(link: WebSocket): Promise<void> {
    await this.#unlinked(link);
  }

  override async webSocketError(link: WebSocket): Promise<void> {
    await this.#unlinked(link);
  }

  async #unlinked(link: WebSocket): Promise<void> {
    const others = this.ctx.getWebSockets().filter((other) => other !== link);
    if (others.length > 0) return;
    this.#pending.abandon();
    await routingTableOf(this.env).unlinked(stateOf(link).node);
  }

  /** The link in force: the newest that is open. */
  #link(): WebSocket | null {
    const open = this.ctx
      .getWebSockets()
      .filter((socket) => socket.readyState === WebSocket.READY_STATE_OPEN);
    return open.toSorted((a, b) => stateOf(b).linkedAtMs - stateOf(a).linkedAtMs)[0] ?? null;
  }

  #heardAtMs(link: WebSocket): number {
    const pingedAt = this.ctx.getWebSocketAutoResponseTimestamp(link)?.getTime() ?? 0;
    return Math.max(stateOf(link).heardAtMs, pingedAt);
  }
}
