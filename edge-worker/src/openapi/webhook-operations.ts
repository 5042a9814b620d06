/** Operations of webhooks out. */
import * as z from 'zod';
import { receiverId, receiverRequest, receiverView } from '../events/receiver.ts';
import { deadLettersParameters, replayRequest } from '../events/webhook-requests.ts';
import type { Operation } from './operation.ts';

const id = { name: 'id', in: 'path', about: 'Id of the receiver', schema: receiverId } as const;
const event = z.object({
  id: z.string().describe('The webhook-id header'),
  type: z.string(),
  timestamp: z.string(),
  data: z.record(z.string(), z.json()),
});

export const webhookOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/webhooks',
    id: 'listWebhooks',
    summary: 'Where events are sent',
    auth: 'operator',
    responses: {
      200: { about: 'The receivers', schema: z.object({ webhooks: z.array(receiverView) }) },
    },
  },
  {
    method: 'put',
    path: '/v1/webhooks/{id}',
    id: 'putWebhook',
    summary: 'Makes or changes a receiver of events',
    auth: 'operator',
    parameters: [id],
    request: { schema: receiverRequest },
    responses: {
      200: { about: 'Changed', schema: receiverView },
      201: { about: 'Made', schema: receiverView },
    },
  },
  {
    method: 'delete',
    path: '/v1/webhooks/{id}',
    id: 'deleteWebhook',
    summary: 'Removes a receiver, and what waits for it',
    auth: 'operator',
    parameters: [id],
    responses: { 204: { about: 'Removed', schema: null } },
    problems: ['not-found', 'bad-field'],
  },
  {
    method: 'post',
    path: '/v1/webhooks/{id}/test',
    id: 'testWebhook',
    summary: 'Sends the receiver an event of the type webhook.test',
    auth: 'operator',
    parameters: [id],
    responses: {
      202: { about: 'It is on its way', schema: z.object({ event_id: z.string() }) },
    },
    problems: ['not-found', 'bad-field'],
  },
  {
    method: 'get',
    path: '/v1/dead-letters',
    id: 'listDeadLetters',
    summary: 'Events that a receiver did not take, oldest first',
    auth: 'operator',
    parameters: [
      {
        name: 'after',
        in: 'query',
        about: 'Id of the last one seen',
        schema: deadLettersParameters.after,
      },
      { name: 'limit', in: 'query', about: 'How many', schema: deadLettersParameters.limit },
      {
        name: 'webhook',
        in: 'query',
        about: 'Of one receiver',
        schema: deadLettersParameters.webhook,
      },
    ],
    responses: {
      200: {
        about: 'The letters',
        schema: z.object({
          dead_letters: z.array(
            z.object({
              id: z.int(),
              webhook: z.string(),
              why: z.string(),
              failed_at_ms: z.int(),
              event,
            }),
          ),
        }),
      },
    },
    problems: ['bad-field'],
  },
  {
    method: 'post',
    path: '/v1/dead-letters/replay',
    id: 'replayDeadLetters',
    summary: 'Sends dead letters again, with the ids of their events',
    auth: 'operator',
    request: { schema: replayRequest },
    responses: { 202: { about: 'On their way', schema: z.object({ replayed: z.int() }) } },
  },
];
