/** Ends a call from afar (`POST /v1/calls/{id}/hangup`), with an API token that has `sip.admin`. */
import { callId as callIdSchema } from '@callgate/shared/contract/offer.ts';
import { Hono } from 'hono';
import type { Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { checkShape, readJsonOrNothing } from '../http/read-body.ts';
import { requireDone } from '../nodes/command-problem.ts';
import { nodeLinkOf } from '../nodes/node-link-of.ts';
import { requireSipAdmin } from '../trust/api-token.ts';
import { hangupRequest } from './hangup-request.ts';
import { liveCallsOf } from './live-calls.ts';

export const hangupRoute = new Hono<{ Bindings: Env }>().post('/:id/hangup', async (c) => {
  await requireSipAdmin(c.req.raw, c.env);
  const id = checkShape(callIdSchema, c.req.param('id'), 'id');
  const { headers } = checkShape(hangupRequest, await readJsonOrNothing(c.req.raw));
  const live = await liveCallsOf(c.env, id).find(id);
  if (live === null) throw new Problem('not-found', 'no such call is up');
  const command = { do: 'hang-up', call_id: id, headers } as const;
  requireDone(await nodeLinkOf(c.env, live.node).command(command));
  return c.json({ done: true });
});
