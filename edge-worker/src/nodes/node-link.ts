/**
 * The edge's end of a node's link (Durable Object, one per node, hibernating WebSocket): passes each new revision on, and tells the routing table what the node
 * has seen. A node has one link: a new one closes the old.
 */
import { DurableObject } from 'cloudflare:workers';
import {
  type LinkFromEdge,
  linkFromNode,
  linkPing,
  linkPong,
  linkProtocol,
} from '@callgate/shared/contract/link.ts';
import { linkLimits } from '@callgate/shared/limits.ts';
import type { Env } from '../env.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';

/** Close codes of ours (RFC 6455 §7.4.2: 4000 to 4999 are for applications). */
const replaced = 4_000;
const badMessage = 4_001;

export class NodeLink extends DurableObject<Env> {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    // Answered by the runtime: an idle node does not wake the object.
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(linkPing, linkPong));
  }

  /** Takes the link of a node. The Worker has checked who it is. */
  override async fetch(request: Request): Promise<Response> {
    const node = request.headers.get('x-callgate-node') ?? '';
    for (const old of this.ctx.getWebSockets()) old.close(replaced, 'another link of this node');
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(node);
    const revision = await routingTableOf(this.env).linked(node);
    send(server, { type: 'revision', revision });
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { 'sec-websocket-protocol': linkProtocol },
    });
  }

  /** Passes a revision on. false: the node is not linked. */
  async push(revision: number): Promise<boolean> {
    const links = this.ctx.getWebSockets();
    for (const link of links) send(link, { type: 'revision', revision });
    return links.length > 0;
  }

  override async webSocketMessage(link: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const reading = linkFromNode.safeParse(parse(message));
    if (!reading.success) link.close(badMessage, 'expected {"type":"seen","revision":n}');
    else await routingTableOf(this.env).seen(nodeOf(link), reading.data.revision);
  }

  override async webSocketClose(link: WebSocket): Promise<void> {
    await this.#unlinked(link);
  }

  override async webSocketError(link: WebSocket): Promise<void> {
    await this.#unlinked(link);
  }

  async #unlinked(link: WebSocket): Promise<void> {
    const others = this.ctx.getWebSockets().filter((other) => other !== link);
    if (others.length === 0) await routingTableOf(this.env).unlinked(nodeOf(link));
  }
}

function nodeOf(link: WebSocket): string {
  return String(link.deserializeAttachment());
}

function send(link: WebSocket, message: LinkFromEdge): void {
  try {
    link.send(JSON.stringify(message));
  } catch {
    // The link has just broken; its close event does the rest, and the node comes back.
  }
}

function parse(message: string | ArrayBuffer): unknown {
  if (typeof message !== 'string' || message.length > linkLimits.messageCharactersMax) return null;
  try {
    return JSON.parse(message);
  } catch {
    // The schema refuses null, and the link is closed with what was expected.
    return null;
  }
}
