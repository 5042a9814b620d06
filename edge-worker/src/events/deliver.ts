/** One try to deliver an event: signed per Standard Webhooks 1.0, one POST, no redirect, and what the answer means. */
import { webhookLimits } from '@callgate/shared/limits.ts';
import { Webhook } from 'standardwebhooks';
import { openSecret } from '../trust/sealed-secret.ts';
import { version } from '../version.ts';
import type { WebhookEvent } from './event.ts';
import { type Receiver, secretContext } from './receiver.ts';
import { receiverUrlFault } from './receiver-url.ts';
import { retryAfterS } from './retry-wait.ts';

export type Outcome =
  | { readonly kind: 'taken' }
  /** Worth another try, not before `afterS` if the receiver said so. */
  | { readonly kind: 'failed'; readonly why: string; readonly afterS: number | null }
  /** 410: the receiver wants nothing more. */
  | { readonly kind: 'gone'; readonly why: string };

export interface DeliverParts {
  readonly sealingKey: Uint8Array;
  readonly allowLoopback: boolean;
  readonly nowMs: number;
}

/** Never throws. Why it failed holds nothing that the receiver or its URL said. */
export async function deliver(
  event: WebhookEvent,
  receiver: Receiver,
  parts: DeliverParts,
): Promise<Outcome> {
  const fault = receiverUrlFault(receiver.url, parts.allowLoopback);
  if (fault !== null) return { kind: 'failed', why: `url: ${fault}`, afterS: null };
  const message = signedMessage(event, receiver, parts);
  if (message === null) {
    const why = 'its secrets do not open with this SEALING_KEY: put it again, with its secrets';
    return { kind: 'failed', why, afterS: null };
  }
  try {
    const response = await fetch(receiver.url, {
      method: 'POST',
      ...message,
      redirect: 'manual',
      signal: AbortSignal.timeout(webhookLimits.answerMs),
    });
    await response.body?.cancel();
    return outcomeOf(response, parts.nowMs);
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    const why = isLate ? `no answer in ${webhookLimits.answerMs} ms` : 'cannot be reached';
    return { kind: 'failed', why, afterS: null };
  }
}

/** null: its secrets were sealed with another key. */
function signedMessage(event: WebhookEvent, receiver: Receiver, parts: DeliverParts) {
  const { id, ...content } = event;
  const body = JSON.stringify(content);
  // The time of this try: receivers refuse what is older than minutes.
  const at = new Date(parts.nowMs);
  const secrets = openAll(parts.sealingKey, receiver);
  if (secrets === null) return null;
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, at, body));
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': `Callgate/${version.version}`,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': signatures.join(' '),
    },
  };
}

function openAll(key: Uint8Array, { id, sealedSecrets }: Receiver): string[] | null {
  try {
    return sealedSecrets.map((sealed) => openSecret(key, secretContext(id), sealed));
  } catch {
    // Which of them, and why, is nothing that a dead letter should say.
    return null;
  }
}

function outcomeOf({ status, headers }: Response, nowMs: number): Outcome {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const why = `answered ${status}`;
  return status === 410
    ? { kind: 'gone', why }
    : { kind: 'failed', why, afterS: retryAfterS(headers.get('retry-after'), nowMs) };
}
