/**
 * The edge's end of a node's link (Durable Object, one per node, hibernating WebSocket): passes each new revision and each command on, keeps what the node
 * tells of itself, and tells the routing table what it has seen. A node that falls silent with calls up is lost: its calls are closed for it. A node has one link: a new one closes the old, but not that of
 * another process that is there and answers. Two that have one name are two machines, and neither may cost the other its calls.
 */

import { DurableObject } from 'cloudflare:workers';
import { isDeepStrictEqual } from 'node:util';
import type { NodeCommand } from '@callgate/shared/contract/command.ts';
import {
  linkFromNode,
  linkPing,
  linkPong,
  linkTaken,
  type NodeStatus,
} from '@callgate/shared/contract/link.ts';
import { processHeader, readProcess } from '@callgate/shared/contract/process.ts';
import { commandLimits, linkLimits } from '@callgate/shared/limits.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type Env, nodeLostMsOf } from '../env.ts';
import type { Lost } from '../live/live-calls.ts';
import { closeCallsOf } from '../live/lost-node.ts';
import { logLine } from '../log.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';
import {
  accepts,
  type Credentials,
  enrolled,
  noCredentials,
  rotated,
  withCode,
} from './credentials.ts';
import { LinkProbe } from './link-probe.ts';
import { keepState, parseMessage, send, stateOf, takesCommands } from './link-socket.ts';
import { type CommandAnswer, PendingCommands } from './pending-commands.ts';
import { look, type Watch } from './watch.ts';

/** Close codes of ours, beside linkTaken (RFC 6455 §7.4.2). */
const badMessage = 4_001;
const silent = 4_002;
const revoked = 4_003;
/** Normal closure (§7.4.1): the node has ended its calls and goes. */
const goodbye = 1_000;

/** Calls of a lost node that are to be closed. */
interface Closing extends Lost {
  readonly node: string;
  /** Webhooks know of it, or are not to be told. */
  readonly isTold: boolean;
  /** Lost by the word of another process, which may be wrong: the one before may be there. */
  readonly isSaidByAnother: boolean;
}

/** Whatever run of the node they were of. */
const allUntil = (beforeMs: number) => ({
  ...({ beforeMs, exceptProcess: null } satisfies Lost),
  isSaidByAnother: false,
});

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
  readonly #probe = new LinkProbe();

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    // Answered by the runtime: an idle node does not wake the object.
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(linkPing, linkPong));
  }

  /** Takes the link of a node. The Worker has checked who it is and picked the protocol. */
  override async fetch(request: Request): Promise<Response> {
    const node = request.headers.get('x-callgate-node') ?? '';
    const protocol = request.headers.get('x-callgate-protocol') ?? '';
    const process = readProcess(request.headers.get(processHeader));
    const isTaken = await this.#isAnotherThere(process);
    const { 0: client, 1: server } = new WebSocketPair();
    const headers = { 'sec-websocket-protocol': protocol };
    const linked = new Response(null, { status: 101, webSocket: client, headers });
    if (isTaken) {
      logLine('warn', 'node-name-taken', { node });
      server.accept();
      server.close(linkTaken, `another process is linked as ${node}: give each its own name`);
      return linked;
    }
    for (const old of this.ctx.getWebSockets()) old.close(linkTaken, 'another link of this node');
    this.ctx.acceptWebSocket(server);
    const now = this.clock.now();
    const state = { node, protocol, process, linkedAtMs: now, heardAtMs: now, status: null };
    keepState(server, state);
    const revision = await routingTableOf(this.env).linked(node);
    send(server, { type: 'revision', revision });
    return linked;
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
    this.#probe.heard(link);
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
        return await this.#watch(state.node, data.status.calls > 0);
      case 'result':
        return this.#pending.answer(data.id, data.result);
      default:
        return data satisfies never;
    }
  }

  override async webSocketClose(link: WebSocket, code: number): Promise<void> {
    await this.#unlinked(link, code === goodbye);
  }

  override async webSocketError(link: WebSocket): Promise<void> {
    await this.#unlinked(link, false);
  }

  /** Whether a token is in force. */
  async accepts(hash: string): Promise<boolean> {
    return accepts(await this.#credentials(), hash, this.clock.now());
  }

  /** Whether there is a token or a code of this node, in force or not. */
  async hasCredentials(): Promise<boolean> {
    return !isDeepStrictEqual(await this.#credentials(), noCredentials);
  }

  async issueCode(hash: string): Promise<void> {
    await this.#keep(withCode(await this.#credentials(), hash, this.clock.now()));
  }

  /** Trades a code for a token. false: the code is not in force. */
  async enrol(codeHash: string, tokenHash: string): Promise<boolean> {
    const now = this.clock.now();
    return this.#keep(enrolled(await this.#credentials(), codeHash, tokenHash, now));
  }

  /** Puts a token in place of the one shown. false: that one is not in force. */
  async rotate(shownHash: string, tokenHash: string): Promise<boolean> {
    const now = this.clock.now();
    return this.#keep(rotated(await this.#credentials(), shownHash, tokenHash, now));
  }

  /** Nothing of this node counts any more: tokens and codes, its link, its participants. */
  async revoke(node: string): Promise<void> {
    await this.#keep(noCredentials);
    for (const link of this.ctx.getWebSockets()) link.close(revoked, 'the token was revoked');
    await this.ctx.storage.delete('watch');
    // The operator knows.
    await this.#closeCalls({ ...allUntil(this.clock.now()), node, isTold: true });
  }

  async #credentials(): Promise<Credentials> {
    return (await this.ctx.storage.get<Credentials>('credentials')) ?? noCredentials;
  }

  async #keep(credentials: Credentials | null): Promise<boolean> {
    if (credentials === null) return false;
    await this.ctx.storage.put('credentials', credentials);
    return true;
  }

  /**
   * The node has been started: the calls that it had before were lost with the process before. A hello that was slow on its way makes the process look younger than it is; its own
   * calls are known by its word, where it sends one.
   */
  async restarted(node: string, started: { uptimeMs: number; process: string | null }) {
    const beforeMs = this.clock.now() - started.uptimeMs;
    // Calls that still wait to be closed were lost, and told of, before.
    const unfinished = await this.ctx.storage.get<Closing>('closing');
    const isTold = unfinished?.isTold ?? false;
    const isSaidByAnother = true;
    const exceptProcess = started.process;
    await this.#closeCalls({ node, beforeMs, exceptProcess, isTold, isSaidByAnother });
  }

  async #closeCalls(closing: Closing): Promise<void> {
    await this.ctx.storage.put<Closing>('closing', closing);
    await this.ctx.storage.setAlarm(this.clock.now());
  }

  /** Looks whether a node with calls still lives, and closes the calls of one that does not. */
  override async alarm(): Promise<void> {
    const now = this.clock.now();
    const { storage } = this.ctx;
    const watch = await storage.get<Watch>('watch');
    if (watch !== undefined) await this.#look(watch, now);
    const closing = await storage.get<Closing>('closing');
    if (closing !== undefined) {
      const left = await this.#close(closing, now);
      // Other calls may have been lost meanwhile: those are still to be closed.
      const isSame = isDeepStrictEqual(await storage.get('closing'), closing);
      if (isSame && left === null) await storage.delete('closing');
      else if (isSame) await storage.put('closing', left);
    }
    const isNeeded = (await storage.get('closing')) ?? (await storage.get('watch'));
    if (isNeeded !== undefined) await storage.setAlarm(this.clock.now() + linkLimits.watchMs);
  }

  /** @returns what is left to be closed; null: nothing. Never rejects: the runtime would give up an alarm that failed a few times. */
  async #close(closing: Closing, nowMs: number): Promise<Closing | null> {
    const { node, beforeMs, exceptProcess } = closing;
    let { isTold } = closing;
    try {
      if (closing.isSaidByAnother && (await this.#isAnotherThere(exceptProcess))) {
        logLine('warn', 'node-name-taken', { node });
        return null;
      }
      const { found, isDone } = await closeCallsOf(this.env, node, closing, nowMs);
      if (found > 0 && !isTold) {
        await routingTableOf(this.env).tellLost(node, found, beforeMs);
        isTold = true;
      }
      return isDone ? null : { ...closing, isTold };
    } catch (error) {
      logLine('warn', 'lost-calls-not-closed', { node, message: String(error) });
      return { ...closing, isTold };
    }
  }

  async #look(watch: Watch, now: number): Promise<void> {
    const { storage } = this.ctx;
    const link = this.#link();
    const heardAtMs = link === null ? null : this.#heardAtMs(link);
    const goesOn = look(watch, heardAtMs, now, nodeLostMsOf(this.env));
    if (goesOn !== null) return await storage.put('watch', goesOn);
    logLine('error', 'node-lost', { node: watch.node });
    await storage.delete('watch');
    await storage.put<Closing>('closing', {
      ...allUntil(now),
      ...{ node: watch.node, isTold: false },
    });
    link?.close(silent, 'nothing was heard of the node');
  }

  /** A node without calls has nothing to lose: it is not looked after, and the object sleeps. */
  async #watch(node: string, hasCalls: boolean): Promise<void> {
    const { storage } = this.ctx;
    const now = this.clock.now();
    const isWatched = (await storage.get('watch')) !== undefined;
    if (!hasCalls && isWatched) await storage.delete('watch');
    if (!hasCalls || isWatched) return;
    await storage.put<Watch>('watch', { node, lookedAtMs: now, heardAtMs: now });
    await storage.setAlarm(now + linkLimits.watchMs);
  }

  async #unlinked(link: WebSocket, isGoodbye: boolean): Promise<void> {
    const others = this.ctx.getWebSockets().filter((other) => other !== link);
    if (others.length > 0) return;
    // One that is only cut off comes back, and says then what came of its commands.
    if (isGoodbye) this.#pending.abandon();
    const { storage } = this.ctx;
    const watch = await storage.get<Watch>('watch');
    if (watch !== undefined && isGoodbye) await storage.delete('watch');
    else if (watch !== undefined)
      await storage.put<Watch>('watch', { ...watch, heardAtMs: this.#heardAtMs(link) });
    await routingTableOf(this.env).unlinked(stateOf(link).node);
  }

  /** The link in force: the newest that is open. */
  #link(): WebSocket | null {
    const open = this.ctx
      .getWebSockets()
      .filter((socket) => socket.readyState === WebSocket.READY_STATE_OPEN);
    return open.toSorted((a, b) => stateOf(b).linkedAtMs - stateOf(a).linkedAtMs)[0] ?? null;
  }

  /** Whether the link is that of another process than this, which answers now. One that does not name its process counts as none. */
  async #isAnotherThere(process: string | null): Promise<boolean> {
    const link = this.#link();
    const holder = link === null ? null : (stateOf(link).process ?? null);
    if (link === null || holder === null || holder === process) return false;
    const { revision } = await routingTableOf(this.env).status();
    return this.#probe.answers(
      link,
      () => send(link, { type: 'revision', revision }),
      linkLimits.probeMs,
    );
  }

  #heardAtMs(link: WebSocket): number {
    const pingedAt = this.ctx.getWebSocketAutoResponseTimestamp(link)?.getTime() ?? 0;
    return Math.max(stateOf(link).heardAtMs, pingedAt);
  }
}
