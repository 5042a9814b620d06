/**
 * The link: one WebSocket per node to the edge, `GET /v1/nodes/link`. Each new routing revision reaches the node over it at once; the node names the highest
 * it has seen with every offer (offer.ts), so a change holds from the next call on. Commands (command.ts) come the same way, and the node tells how
 * it is. A node that is not linked still gets its changes, later, and no commands.
 */
import * as z from 'zod';
import { type CommandResult, commandResult, type NodeCommand, nodeCommand } from './command.ts';

/** The subprotocols, which are the versions of these messages; the newest first. The edge picks the newest that both sides name. */
export const linkProtocol = 'callgate.link.v2';
/** Knows revisions alone: `revision` and `seen`. */
export const oldLinkProtocol = 'callgate.link.v1';
export const linkProtocols = [linkProtocol, oldLinkProtocol] as const;

/** Sent by the node to find out whether the link lives, and answered with `pong`, both as plain text. */
export const linkPing = 'ping';
export const linkPong = 'pong';

/** Close code (RFC 6455 §7.4.2: 4000 to 4999 are for applications): another process has linked as this node. */
export const linkTaken = 4_000;

const revision = z.int().min(0);
const commandId = z.string().min(1).max(64);

/** Messages of the edge. Others of a newer edge are ignored. */
export const linkFromEdge = z.discriminatedUnion('type', [
  /** Revision of the routing table. */
  z.object({ type: z.literal('revision'), revision }),
  z.object({ type: z.literal('command'), id: commandId, command: nodeCommand }),
]);

/** What a node takes and how much of that is used. */
export const nodeStatus = z.object({
  /** Version of the node's software. */
  version: z.string().max(64),
  /** `full`: it refuses new calls until it has room again. */
  state: z.enum(['accepting', 'full', 'draining']),
  calls: z.int().min(0),
  calls_max: z.int().min(0),
  /** New calls in the last second, and how many a second it takes. */
  calls_per_second: z.number().min(0),
  calls_per_second_max: z.number().min(0),
  /** Share of the machine's cores that the node's processes use. */
  cpu: z.number().min(0),
  /** Half of the turns of the event loop are later than this, ms. */
  loop_delay_ms: z.number().min(0),
  rtp_ports_free: z.int().min(0),
  resident_bytes: z.int().min(0),
  /** Records that the edge has not acknowledged. */
  records_pending: z.int().min(0),
});

/** Messages of the node. */
export const linkFromNode = z.discriminatedUnion('type', [
  /** The node names this revision with every offer from now on. */
  z.object({ type: z.literal('seen'), revision }),
  z.object({ type: z.literal('status'), status: nodeStatus }),
  z.object({ type: z.literal('result'), id: commandId, result: commandResult }),
]);

export type LinkFromEdge = z.infer<typeof linkFromEdge>;
export type LinkFromNode = z.infer<typeof linkFromNode>;
export type NodeStatus = z.infer<typeof nodeStatus>;
export type { CommandResult, NodeCommand };

export const nodeStatusExample: NodeStatus = {
  version: '0.1.0',
  state: 'accepting',
  calls: 12,
  calls_max: 400,
  calls_per_second: 3,
  calls_per_second_max: 50,
  cpu: 0.31,
  loop_delay_ms: 1.2,
  rtp_ports_free: 4_976,
  resident_bytes: 412_000_000,
  records_pending: 0,
};
export const linkFromEdgeExamples: readonly LinkFromEdge[] = [
  { type: 'revision', revision: 12 },
  { type: 'command', id: 'c1', command: { do: 'undrain' } },
];
export const linkFromNodeExamples: readonly LinkFromNode[] = [
  { type: 'seen', revision: 12 },
  { type: 'status', status: nodeStatusExample },
  { type: 'result', id: 'c1', result: { kind: 'done' } },
];
