/**
 * `POST /hooks/routing`: routing changed by another system, signed per Standard Webhooks 1.0 (webhook-id, webhook-timestamp, webhook-signature). Types `routing.replace` and
 * `routing.patch`; `data` holds trunks and rules as PUT and PATCH take them, and perhaps `expected_revision`. A message that comes again is
 * answered with its first result.
 */
import type { JsonObject } from '@bufbuild/protobuf';
import { edgeLimits, revisionLimits } from '@callgate/shared/limits.ts';
import { Hono } from 'hono';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import * as z from 'zod';
import { type Env, webhookSecretsOf } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { checkShape, parseJson, readJsonBytes } from '../http/read-body.ts';
import { responseTo } from '../routing/change-response.ts';
import { membersOfDocument, readDocument } from '../routing/routing-document.ts';
import type { ChangeRequest } from '../routing/table/change-order.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';

const message = z.object({
  type: z.enum(['routing.replace', 'routing.patch']),
  timestamp: z.string().max(64).optional(),
  data: z.looseObject({ expected_revision: z.int().min(0).optional() }),
});

export const routingHook = new Hono<{ Bindings: Env }>().post('/routing', async (c) => {
  const bytes = await readJsonBytes(c.req.raw, edgeLimits.routingBodyBytesMax);
  const id = verify(c.req.raw, bytes, webhookSecretsOf(c.env));
  const { type, data } = checkShape(message, parseJson(bytes));
  const { expected_revision: expectedRevision, ...document } = data;
  const answer = await routingTableOf(c.env).change(changeOf(type, document), {
    author: `webhook ${id}`,
    source: `POST /hooks/routing ${type}`,
    expectedRevision: expectedRevision ?? null,
    // The id alone makes a message: a sender that tries again signs anew, with a new time.
    idempotency: { key: `webhook ${id}`, fingerprint: 'webhook' },
    isDryRun: false,
  });
  return responseTo(answer, { isDryRun: false });
});

function changeOf(type: z.infer<typeof message>['type'], document: unknown): ChangeRequest {
  return type === 'routing.replace'
    ? { kind: 'replace', document: readDocument(document) }
    : { kind: 'patch', patch: membersOfDocument(document as JsonObject) };
}

/** The webhook-id of a message that one of the secrets has signed, lately. @throws Problem `bad-signature`, `not-found` */
function verify(request: Request, bytes: Uint8Array, secrets: readonly string[]): string {
  if (secrets.length === 0)
    throw new Problem('not-found', 'the hook is closed: WEBHOOK_SECRETS is not set');
  const id = request.headers.get('webhook-id') ?? '';
  if (!/^[\x21-\x7e]+$/.test(id) || id.length > revisionLimits.idempotencyKeyCharactersMax)
    throw new Problem('bad-signature', 'webhook-id: expected the id of the message');
  const body = Buffer.from(bytes).toString('utf8');
  const headers = Object.fromEntries(request.headers);
  let why = '';
  for (const secret of secrets) {
    try {
      new Webhook(secret).verify(body, headers, { jsonParse: false });
      return id;
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      why = error.message;
    }
  }
  // The library says which of the three headers is wrong, and nothing of the secret.
  throw new Problem('bad-signature', `webhook headers: ${why}`);
}
