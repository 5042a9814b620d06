/** Where events are sent, for operators: receivers (`/v1/webhooks`), and what nobody took (`/v1/dead-letters`). */
import { webhookLimits } from '@callgate/shared/limits.ts';
import { Hono } from 'hono';
import * as z from 'zod';
import type { Clock } from '../clock.ts';
import { allowsLoopbackWebhooks, type Env, sealingKeyOf } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { checkShape, readJson } from '../http/read-body.ts';
import { readQuery } from '../http/read-query.ts';
import { randomText } from '../rooms/random-text.ts';
import { requireSipAdmin } from '../trust/api-token.ts';
import { makeEvent } from './event.ts';
import { type Receiver, receiverId, receiverRequest, sealAll, viewOf } from './receiver.ts';
import { receiverUrlFault } from './receiver-url.ts';
import { deadLettersParameters, replayRequest } from './webhook-requests.ts';
import { webhooksOf } from './webhooks.ts';

export function webhooksRoute({ clock }: { clock: Clock }) {
  return new Hono<{ Bindings: Env }>()
    .get('/webhooks', async (c) => {
      await requireSipAdmin(c.req.raw, c.env);
      return c.json({ webhooks: (await webhooksOf(c.env).receivers()).map(viewOf) });
    })
    .put('/webhooks/:id', async (c) => {
      await requireSipAdmin(c.req.raw, c.env);
      const id = checkShape(receiverId, c.req.param('id'), 'id');
      const { url, types, secrets } = checkShape(receiverRequest, await readJson(c.req.raw));
      const fault = receiverUrlFault(url, allowsLoopbackWebhooks(c.env));
      if (fault !== null) throw new Problem('bad-field', `url: ${fault}`);
      const sealed = secrets === undefined ? null : sealAll(sealingKeyOf(c.env), id, secrets);
      const answer = await webhooksOf(c.env).put(id, new URL(url).href, types, sealed);
      if (answer === 'no-secret')
        throw new Problem('bad-field', 'secrets: a new receiver needs at least one');
      if (answer === 'too-many')
        throw new Problem(
          'bad-field',
          `id: expected at most ${webhookLimits.receiversMax} receivers`,
        );
      return c.json(viewOf(await receiverOf(c.env, id)), answer === 'made' ? 201 : 200);
    })
    .delete('/webhooks/:id', async (c) => {
      await requireSipAdmin(c.req.raw, c.env);
      const id = checkShape(receiverId, c.req.param('id'), 'id');
      if (!(await webhooksOf(c.env).remove(id))) throw noReceiver();
      return c.body(null, 204);
    })
    .post('/webhooks/:id/test', async (c) => {
      const author = await requireSipAdmin(c.req.raw, c.env);
      const { id } = await receiverOf(c.env, checkShape(receiverId, c.req.param('id'), 'id'));
      const event = makeEvent('webhook.test', randomText(), clock.now(), { asked_by: author });
      await c.env.EVENTS.send({ webhook: id, event });
      return c.json({ event_id: event.id }, 202);
    })
    .get('/dead-letters', async (c) => {
      await requireSipAdmin(c.req.raw, c.env);
      const { after, limit, webhook } = readQuery(c.req.raw, z.strictObject(deadLettersParameters));
      const letters = await webhooksOf(c.env).deadLetters(
        after ?? 0,
        limit ?? webhookLimits.deadLettersPageMax,
        webhook ?? null,
      );
      return c.json({ dead_letters: JSON.parse(letters) as unknown });
    })
    .post('/dead-letters/replay', async (c) => {
      await requireSipAdmin(c.req.raw, c.env);
      const { ids, webhook } = checkShape(replayRequest, await readJson(c.req.raw));
      const replayed = await webhooksOf(c.env).replay(ids ?? null, webhook ?? null);
      return c.json({ replayed }, 202);
    });
}

/** @throws Problem `not-found` */
async function receiverOf(env: Env, id: string): Promise<Receiver> {
  const receiver = (await webhooksOf(env).receivers()).find((one) => one.id === id);
  if (receiver === undefined) throw noReceiver();
  return receiver;
}

function noReceiver(): Problem {
  return new Problem('not-found', 'id: there is no such receiver');
}
