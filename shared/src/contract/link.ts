/**
 * The link: one WebSocket per node to the edge, `GET /v1/nodes/link`, over which each new routing revision reaches the node at once. The node names the highest
 * it has seen with every offer (offer.ts), so a change holds from the next call on. A node that is not linked still gets its changes, later.
 */
import * as z from 'zod';

/** The subprotocol that both sides must name: the version of these messages. */
export const linkProtocol = 'callgate.link.v1';

/** Sent by the node to find out whether the link lives, and answered with `pong`, both as plain text. */
export const linkPing = 'ping';
export const linkPong = 'pong';

/** Messages of the edge. Others of a newer edge are ignored. */
export const linkFromEdge = z.object({
  type: z.literal('revision'),
  /** Revision of the routing table. */
  revision: z.int().min(0),
});

/** Messages of the node. */
export const linkFromNode = z.strictObject({
  type: z.literal('seen'),
  /** The node names this revision with every offer from now on. */
  revision: z.int().min(0),
});

export type LinkFromEdge = z.infer<typeof linkFromEdge>;
export type LinkFromNode = z.infer<typeof linkFromNode>;

export const linkFromEdgeExample: LinkFromEdge = { type: 'revision', revision: 12 };
export const linkFromNodeExample: LinkFromNode = { type: 'seen', revision: 12 };
