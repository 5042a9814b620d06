/** What media nodes tell of calls: records (`POST /v1/records`), and progress while a call lives (`POST /v1/progress`). */
import { callProgress } from '@callgate/shared/contract/progress.ts';
import { type CallRecord, callRecord, callRecords } from '@callgate/shared/contract/record.ts';
import { Hono } from 'hono';
import { trunkCallsOf } from '../caps/trunk-calls.ts';
import type { Env } from '../env.ts';
import { checkShape, readJson } from '../http/read-body.ts';
import { endLiveCall } from '../live/end-live-call.ts';
import { requireContract } from '../nodes/require-contract.ts';
import { requireNode } from '../trust/node-token.ts';
import { recordsOf } from './call-records.ts';

export const recordsRoute = new Hono<{ Bindings: Env }>()
  .post('/records', async (c) => {
    const node = await requireNode(c.req.raw, c.env);
    const body = await readJson(c.req.raw);
    for (const one of Array.isArray(body) ? body : [body]) requireContract(one);
    const add = (record: CallRecord) =>
      addRecord(c.env, node, record, (work) => c.executionCtx.waitUntil(work));
    if (Array.isArray(body))
      return c.json({ counted: await Promise.all(checkShape(callRecords, body).map(add)) });
    const isNew = await add(checkShape(callRecord, body));
    return c.json({ counted: isNew }, isNew ? 201 : 200);
  })
  .post('/progress', async (c) => {
    const node = await requireNode(c.req.raw, c.env);
    const body = await readJson(c.req.raw);
    requireContract(body);
    const progress = checkShape(callProgress, body);
    const isNew = await recordsOf(c.env, progress.call_id).add(node, progress);
    return c.json({ counted: isNew });
  });

/** @param later takes what the node need not wait for @returns whether the record is new */
async function addRecord(
  env: Env,
  node: string,
  record: CallRecord,
  later: (work: Promise<unknown>) => void,
): Promise<boolean> {
  const { call_id, trunk_id, leased } = record;
  const isNew = await recordsOf(env, call_id).add(node, record);
  if (isNew && leased && trunk_id !== null) later(trunkCallsOf(env, trunk_id).end(node, [call_id]));
  later(endLiveCall(env, node, record));
  return isNew;
}
