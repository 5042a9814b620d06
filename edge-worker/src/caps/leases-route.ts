/** Media nodes say which counted calls live and which have ended (`POST /v1/leases`); an operator asks how many count (`GET /v1/trunks/{id}/calls`). */
import { type LeasedCall, leaseReport } from '@callgate/shared/contract/lease.ts';
import { Hono } from 'hono';
import type { Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { checkShape, readJson } from '../http/read-body.ts';
import { requireContract } from '../nodes/require-contract.ts';
import { requireSipAdmin } from '../trust/api-token.ts';
import { requireNode } from '../trust/node-token.ts';
import { trunkCallsOf } from './trunk-calls.ts';

export const leasesRoute = new Hono<{ Bindings: Env }>()
  .post('/leases', async (c) => {
    const node = await requireNode(c.req.raw, c.env);
    const body = await readJson(c.req.raw, reportBytesMax);
    requireContract(body);
    const { held, ended } = checkShape(leaseReport, body);
    await Promise.all([
      ...[...byTrunk(held)].map(([trunk, ids]) => trunkCallsOf(c.env, trunk).renew(node, ids)),
      ...[...byTrunk(ended)].map(([trunk, ids]) => trunkCallsOf(c.env, trunk).end(node, ids)),
    ]);
    return c.json({ held: held.length, ended: ended.length });
  })
  .get('/trunks/:id/calls', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    const id = c.req.param('id');
    if (!/^[\x21-\x7e]{1,128}$/.test(id))
      throw new Problem('bad-field', 'id: expected the id of a trunk');
    return c.json({ trunk_id: id, counted: await trunkCallsOf(c.env, id).count() });
  });

/** A report of capLimits.reportedMax calls twice, about 170 bytes each. */
const reportBytesMax = 524_288;

function byTrunk(calls: readonly LeasedCall[]): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const { trunk_id, call_id } of calls)
    ids.set(trunk_id, [...(ids.get(trunk_id) ?? []), call_id]);
  return ids;
}
