/** What media nodes tell of calls: records (`POST /v1/records`), and progress while a call lives (`POST /v1/progress`). */
import { callProgress } from '@callgate/shared/contract/progress.ts';
import { callRecord } from '@callgate/shared/contract/record.ts';
import { Hono } from 'hono';
import { trunkCallsOf } from '../caps/trunk-calls.ts';
import type { Env } from '../env.ts';
import { checkShape, readJson } from '../http/read-body.ts';
import { endLiveCall } from '../live/end-live-call.ts';
import { requireNode } from '../trust/node-token.ts';
import { recordsOf } from './call-records.ts';

export const recordsRoute = new Hono<{ Bindings: Env }>()
  .post('/records', async (c) => {
    const node = await requireNode(c.req.raw, c.env);
    const record = checkShape(callRecord, await readJson(c.req.raw));
    const isNew = await recordsOf(c.env, record.call_id).add(node, record);
    if (isNew && record.leased && record.trunk_id !== null)
      c.executionCtx.waitUntil(trunkCallsOf(c.env, record.trunk_id).end(node, [record.call_id]));
    c.executionCtx.waitUntil(endLiveCall(c.env, node, record));
    return c.json({ counted: isNew }, isNew ? 201 : 200);
  })
  .post('/progress', async (c) => {
    const node = await requireNode(c.req.raw, c.env);
    const progress = checkShape(callProgress, await readJson(c.req.raw));
    const isNew = await recordsOf(c.env, progress.call_id).add(node, progress);
    return c.json({ counted: isNew });
  });
