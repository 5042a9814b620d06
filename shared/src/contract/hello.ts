/**
 * Node hello: what a node says when it starts, so that a wrong token, a wrong URL, a version that does not fit and a wrong clock are
 * found before the first call. `POST /v1/nodes/hello`.
 */
import * as z from 'zod';
import { contractVersion } from './version.ts';

/** Name of a media node: a DNS label. */
export const nodeName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    'expected lower-case letters, digits and hyphens, 63 at most',
  );

export const nodeHello = z.object({
  contract: z.int().min(1),
  name: nodeName,
  version: z.string().max(64),
  /** The node's wall clock, ms since epoch. */
  clock_ms: z.int().min(0),
  /** How long this process has run: calls of this node that are older were lost with the one before (see also process.ts). Left out by version 1. */
  uptime_ms: z.int().min(0).optional(),
});

export const nodeWelcome = z.object({
  contract: z.int(),
  /** Current routing revision. */
  revision: z.int().min(0),
  /** The edge's clock minus the node's, ms. */
  clock_skew_ms: z.int(),
});

export type NodeHello = z.infer<typeof nodeHello>;
export type NodeWelcome = z.infer<typeof nodeWelcome>;

export const nodeHelloExample: NodeHello = {
  contract: contractVersion,
  name: 'fra-1',
  version: '0.1.0',
  clock_ms: 1_795_000_000_000,
  uptime_ms: 412,
};
export const nodeWelcomeExample: NodeWelcome = {
  contract: contractVersion,
  revision: 12,
  clock_skew_ms: 3,
};
