/** One WebSocket of a node as the link uses it: what is known of the node rides with the socket, so that it outlives the sleep of the object. */
import {
  type LinkFromEdge,
  linkProtocol,
  linkProtocols,
  type NodeStatus,
} from '@callgate/shared/contract/link.ts';
import { linkLimits } from '@callgate/shared/limits.ts';

export interface LinkState {
  readonly node: string;
  readonly protocol: string;
  /** The run of the node (shared/contract/process.ts); null: it did not say. */
  readonly process: string | null;
  readonly linkedAtMs: number;
  /** When the node last said anything but ping. */
  readonly heardAtMs: number;
  /** What it last told of itself; null: nothing yet, or it speaks the old protocol. */
  readonly status: NodeStatus | null;
}

/** The newest protocol that both sides know; null: none. @param offered value of Sec-WebSocket-Protocol */
export function pickProtocol(offered: string | null | undefined): string | null {
  const names = (offered ?? '').split(/\s*,\s*/);
  return linkProtocols.find((known) => names.includes(known)) ?? null;
}

export function stateOf(link: WebSocket): LinkState {
  return link.deserializeAttachment() as LinkState;
}

export function keepState(link: WebSocket, state: LinkState): void {
  link.serializeAttachment(state);
}

export function takesCommands(link: WebSocket): boolean {
  return stateOf(link).protocol === linkProtocol;
}

export function send(link: WebSocket, message: LinkFromEdge): void {
  try {
    link.send(JSON.stringify(message));
  } catch {
    // The link has just broken; its close event does the rest, and the node comes back.
  }
}

/** A message as JSON; null when it is none or too long, which no schema takes. */
export function parseMessage(message: string | ArrayBuffer): unknown {
  if (typeof message !== 'string' || message.length > linkLimits.messageCharactersMax) return null;
  try {
    return JSON.parse(message);
  } catch {
    // The schema refuses null, and the link is closed with what was expected.
    return null;
  }
}
