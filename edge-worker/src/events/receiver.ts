/** A receiver of webhooks: what an operator sends, what is kept, what is shown. Secrets are sealed before they are kept and never shown. */
import { webhookLimits } from '@callgate/shared/limits.ts';
import * as z from 'zod';
import { sealSecret } from '../trust/sealed-secret.ts';
import { eventTypes } from './event.ts';

const families = [...new Set(eventTypes.map((type) => `${type.slice(0, type.indexOf('.'))}.*`))];
const wanted = [...eventTypes, ...families, '*'] as [string, ...string[]];

export const receiverId = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    'expected lower-case letters, digits and hyphens, 63 at most',
  );

/** `whsec_` and 24 to 64 bytes (Standard Webhooks). */
const secret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'expected whsec_ and 24 to 64 bytes in base64');

export const receiverRequest = z.strictObject({
  url: z.string().max(webhookLimits.urlCharactersMax),
  /** Types of events, `call.*` and the like, or `*`. */
  types: z.array(z.enum(wanted)).min(1).max(wanted.length),
  /** Each signs; several while one is exchanged for another. Absent: those that are kept. */
  secrets: z.array(secret).min(1).max(webhookLimits.secretsMax).optional(),
});

export type ReceiverRequest = z.infer<typeof receiverRequest>;

/** As it is kept, and as the queue's consumer reads it. */
export interface Receiver {
  readonly id: string;
  readonly url: string;
  readonly types: readonly string[];
  readonly sealedSecrets: readonly string[];
  readonly createdAtMs: number;
  /** It gets nothing since then: it answered 410, or an operator said so. null: it is served. */
  readonly disabledAtMs: number | null;
}

/** As an operator sees it. */
export const receiverView = z.object({
  id: receiverId,
  url: z.string(),
  types: z.array(z.string()),
  secrets: z.int().describe('How many; they are never shown'),
  created_at_ms: z.int(),
  disabled_at_ms: z.int().nullable().describe('It answered 410 Gone; a PUT serves it again'),
});

export function viewOf(receiver: Receiver): z.infer<typeof receiverView> {
  return {
    id: receiver.id,
    url: receiver.url,
    types: [...receiver.types],
    secrets: receiver.sealedSecrets.length,
    created_at_ms: receiver.createdAtMs,
    disabled_at_ms: receiver.disabledAtMs,
  };
}

/** The place that a sealed secret is bound to. */
export function secretContext(id: string): string {
  return `webhook ${id}`;
}

export function sealAll(key: Uint8Array, id: string, secrets: readonly string[]): string[] {
  return secrets.map((one) => sealSecret(key, secretContext(id), one));
}
