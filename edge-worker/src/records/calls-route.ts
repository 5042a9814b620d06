/** Calls as operators see them: the list (`GET /v1/calls`) over all objects of records, and one call with its timeline (`GET /v1/calls/{id}`). */
import { callTimeline } from '@callgate/shared/call/call-events.ts';
import { callId as callIdSchema } from '@callgate/shared/contract/offer.ts';
import { Hono } from 'hono';
import type { Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { requireSipAdmin } from '../trust/api-token.ts';
import { endedMsOf, endOf, type StoredAttempt, summaryOf } from './attempt.ts';
import { allRecords, recordsOf } from './call-records.ts';
import { comparePlaces, readCallsQuery, writeCursor } from './calls-query.ts';
import { decisionTrace } from './decision-trace.ts';

export const callsRoute = new Hono<{ Bindings: Env }>()
  .get('/calls', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    const query = readCallsQuery(c.req.raw);
    // One more than asked for tells whether there is a next page.
    const parts = await Promise.all(
      allRecords(c.env).map((table) => table.list({ ...query, limit: query.limit + 1 })),
    );
    const found = parts
      .flatMap((part) => JSON.parse(part) as StoredAttempt[])
      .map(summaryOf)
      .toSorted(comparePlaces);
    const calls = found.slice(0, query.limit);
    const last = calls.at(-1);
    const isMore = found.length > query.limit && last !== undefined;
    return c.json({ calls, next_cursor: isMore ? writeCursor(last) : null });
  })
  .get('/calls/:id', async (c) => {
    await requireSipAdmin(c.req.raw, c.env);
    const id = callIdSchema.safeParse(c.req.param('id'));
    if (!id.success) throw new Problem('bad-field', 'id: expected SCL_ and 12 characters');
    const table = recordsOf(c.env, id.data);
    const [text, refusal] = await Promise.all([table.ofCall(id.data), table.refusalOf(id.data)]);
    const stored = JSON.parse(text) as StoredAttempt[];
    if (stored.length === 0 && refusal === null)
      throw new Problem('not-found', 'no record of this call has come in');
    const attempts = await Promise.all(stored.map((one) => wholeAttempt(one, c.env)));
    return c.json({
      call_id: id.data,
      records: attempts.filter(({ reason }) => reason !== null),
      live: attempts.filter(({ reason }) => reason === null),
      refusal: refusal === null ? null : (JSON.parse(refusal) as unknown),
    });
  });

async function wholeAttempt({ attempt, node, received_at_ms }: StoredAttempt, env: Env) {
  return {
    node,
    received_at_ms,
    ...endOf(attempt),
    timeline: callTimeline(attempt.stages, endedMsOf(attempt)),
    record: attempt,
    trace: await decisionTrace(attempt, env),
  };
}
