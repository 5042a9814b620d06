/** The routing table as one document: `GET /v1/routing`, `PUT /v1/routing`, for operators (grant sip.admin). */
import { edgeLimits } from '@callgate/shared/limits.ts';
import { Hono } from 'hono';
import type { Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { readJson } from '../http/read-body.ts';
import { requireSipAdmin } from '../trust/api-token.ts';
import { documentJson, readDocument } from './routing-document.ts';
import { routingTableOf } from './routing-table.ts';

export const routingRoute = new Hono<{ Bindings: Env }>()
  .get('/', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    const { revision, document } = await routingTableOf(c.env).document();
    return c.json({ revision, ...documentJson(document) });
  })
  .put('/', async (c) => {
    const author = await requireSipAdmin(c.req.raw, c.env);
    const json = await readJson(c.req.raw, edgeLimits.routingBodyBytesMax);
    const answer = await routingTableOf(c.env).replace(readDocument(json), author);
    if (answer.kind === 'refused') {
      const [first] = answer.errors;
      throw new Problem('routing-invalid', `${first?.field ?? 'body'}: ${first?.detail ?? ''}`, {
        errors: answer.errors,
      });
    }
    return c.json({ revision: answer.revision });
  });
