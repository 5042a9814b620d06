/** Media nodes say hello (`POST /v1/nodes/hello`: token, contract version and clock are checked before the first call) and link (`GET /v1/nodes/link`). */
import { type NodeWelcome, nodeHello } from '@callgate/shared/contract/hello.ts';
import { linkProtocol } from '@callgate/shared/contract/link.ts';
import { processHeader, readProcess } from '@callgate/shared/contract/process.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { Hono } from 'hono';
import type { Clock } from '../clock.ts';
import type { Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { checkShape, readJson } from '../http/read-body.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';
import { requireNode } from '../trust/node-token.ts';
import { pickProtocol } from './link-socket.ts';
import { nodeLinkOf } from './node-link-of.ts';
import { requireContract } from './require-contract.ts';

export function nodesRoute(parts: { clock: Clock }) {
  return new Hono<{ Bindings: Env }>()
    .get('/link', async (c) => {
      const node = await requireNode(c.req.raw, c.env);
      const protocol = pickProtocol(c.req.header('sec-websocket-protocol'));
      if (c.req.header('upgrade')?.toLowerCase() !== 'websocket' || protocol === null)
        throw new Problem(
          'upgrade-required',
          `expected a WebSocket of the protocol ${linkProtocol}`,
          { headers: { upgrade: 'websocket' } },
        );
      const headers = new Headers(c.req.raw.headers);
      headers.set('x-callgate-node', node);
      headers.set('x-callgate-protocol', protocol);
      return nodeLinkOf(c.env, node).fetch(new Request(c.req.raw, { headers }));
    })
    .post('/hello', async (c) => {
      const node = await requireNode(c.req.raw, c.env);
      const body = await readJson(c.req.raw);
      requireContract(body);
      const hello = checkShape(nodeHello, body);
      if (hello.name !== node)
        throw new Problem('forbidden', `name: the token belongs to the node "${node}"`);
      if (hello.uptime_ms !== undefined)
        await nodeLinkOf(c.env, node).restarted(node, {
          uptimeMs: hello.uptime_ms,
          process: readProcess(c.req.header(processHeader)),
        });
      const welcome: NodeWelcome = {
        contract: contractVersion,
        revision: (await routingTableOf(c.env).status()).revision,
        clock_skew_ms: Math.round(parts.clock.now() - hello.clock_ms),
      };
      return c.json(welcome);
    });
}
