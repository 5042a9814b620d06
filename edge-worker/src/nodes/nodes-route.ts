/** Media nodes say hello: token, contract version and clock are checked before the first call. `POST /v1/nodes/hello`. */
import { type NodeWelcome, nodeHello } from '@callgate/shared/contract/hello.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { Hono } from 'hono';
import type { Clock } from '../clock.ts';
import type { Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { checkShape, readJson } from '../http/read-body.ts';
import type { RoutingReader } from '../routing/read/routing-reader.ts';
import { requireNode } from '../trust/node-token.ts';

export function nodesRoute(parts: { clock: Clock; reader: RoutingReader }) {
  return new Hono<{ Bindings: Env }>().post('/hello', async (c) => {
    const node = requireNode(c.req.raw, c.env);
    const hello = checkShape(nodeHello, await readJson(c.req.raw));
    if (hello.contract !== contractVersion)
      throw new Problem(
        'contract-version',
        `contract: this edge speaks version ${contractVersion}, the node speaks ${hello.contract}`,
      );
    if (hello.name !== node)
      throw new Problem('forbidden', `name: the token belongs to the node "${node}"`);
    const welcome: NodeWelcome = {
      contract: contractVersion,
      revision: await parts.reader.revision(c.env),
      clock_skew_ms: Math.round(parts.clock.now() - hello.clock_ms),
    };
    return c.json(welcome);
  });
}
