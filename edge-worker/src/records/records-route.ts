/** Records in from the nodes (`POST /v1/records`) and out to an operator (`GET /v1/calls/{id}`). */
import { callId as callIdSchema } from '@callgate/shared/contract/offer.ts';
import { callRecord } from '@callgate/shared/contract/record.ts';
import { Hono } from 'hono';
import { trunkCallsOf } from '../caps/trunk-calls.ts';
import type { Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { checkShape, readJson } from '../http/read-body.ts';
import { requireSipAdmin } from '../trust/api-token.ts';
import { requireNode } from '../trust/node-token.ts';
import { recordsOf } from './call-records.ts';

export const recordsRoute = new Hono<{ Bindings: Env }>()
  .post('/records', async (c) => {
    const node = requireNode(c.req.raw, c.env);
    const record = checkShape(callRecord, await readJson(c.req.raw));
    const isNew = await recordsOf(c.env, record.call_id).add(
      node,
      record.call_id,
      record.sequence,
      JSON.stringify(record),
    );
    if (isNew && record.leased && record.trunk_id !== null)
      c.executionCtx.waitUntil(trunkCallsOf(c.env, record.trunk_id).end(node, [record.call_id]));
    return c.json({ counted: isNew }, isNew ? 201 : 200);
  })
  .get('/calls/:id', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    const id = callIdSchema.safeParse(c.req.param('id'));
    if (!id.success) throw new Problem('bad-field', 'id: expected SCL_ and 12 characters');
    const table = recordsOf(c.env, id.data);
    const [stored, refusal] = await Promise.all([table.ofCall(id.data), table.refusalOf(id.data)]);
    if (stored.length === 0 && refusal === null)
      throw new Problem('not-found', 'no record of this call has come in');
    return c.json({
      call_id: id.data,
      records: stored.map((row) => ({ ...row, record: JSON.parse(row.record) as unknown })),
      refusal: refusal === null ? null : (JSON.parse(refusal) as unknown),
    });
  });
