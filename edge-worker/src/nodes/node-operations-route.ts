/** What operators do with media nodes: look (`GET /v1/nodes`), drain and take back, set the level of the log. With an API token that has `sip.admin`. */
import type { NodeCommand } from '@callgate/shared/contract/command.ts';
import { nodeName } from '@callgate/shared/contract/hello.ts';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import type { Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { checkShape, readJsonOrNothing } from '../http/read-body.ts';
import { requireSipAdmin } from '../trust/api-token.ts';
import { requireDone } from './command-problem.ts';
import { nodeLinkOf } from './node-link-of.ts';
import { knowsNode, listNodes } from './node-list.ts';
import { drainRequest, logLevelRequest } from './operator-requests.ts';

type OperatorContext = Context<{ Bindings: Env }>;

export const nodeOperationsRoute = new Hono<{ Bindings: Env }>()
  .get('/', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    return c.json({ nodes: await listNodes(c.env) });
  })
  .post('/:name/drain', (c) =>
    obey(c, drainRequest, ({ deadline_s, exit }) => ({
      do: 'drain',
      deadline_ms: deadline_s * 1_000,
      exit,
    })),
  )
  .post('/:name/undrain', (c) => obey(c, z.strictObject({}), () => ({ do: 'undrain' })))
  .post('/:name/log-level', (c) =>
    obey(c, logLevelRequest, ({ level }) => ({ do: 'log-level', level })),
  );

/** Has the node of the path do what the body asks for. */
async function obey<T>(
  c: OperatorContext,
  schema: z.ZodType<T>,
  commandOf: (body: T) => NodeCommand,
): Promise<Response> {
  await requireSipAdmin(c.req.raw, c.env);
  const name = checkShape(nodeName, c.req.param('name'), 'name');
  const body = checkShape(schema, await readJsonOrNothing(c.req.raw));
  if (!(await knowsNode(c.env, name)))
    throw new Problem('not-found', 'name: no node has this name');
  requireDone(await nodeLinkOf(c.env, name).command(commandOf(body)));
  return c.json({ done: true });
}
