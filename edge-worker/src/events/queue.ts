/**
 * The consumer of the queue of events (wrangler.toml): delivers, waits longer after each failure, and keeps what nobody took as dead letters. The queue counts the tries; after
 * the last it moves the message to the dead letter queue, whose consumer is this one, too.
 */
import { systemClock } from '../clock.ts';
import { allowsLoopbackWebhooks, type Env, sealingKeyOf, webhookRetriesOf } from '../env.ts';
import { logLine } from '../log.ts';
import { deliver } from './deliver.ts';
import type { Delivery } from './event.ts';
import type { Receiver } from './receiver.ts';
import { retryWaitS } from './retry-wait.ts';
import { webhooksOf } from './webhooks.ts';

export async function consumeEvents(batch: MessageBatch<Delivery>, env: Env): Promise<void> {
  if (batch.queue.endsWith('-dead')) {
    const why = `not taken in ${webhookRetriesOf(env).length + 1} tries`;
    await webhooksOf(env).bury(batch.messages.map(({ body }) => ({ ...body, why })));
    return;
  }
  const receivers = await webhooksOf(env).receivers();
  const byId = new Map(receivers.map((receiver) => [receiver.id, receiver]));
  await Promise.all(
    batch.messages.map((message) => handle(message, byId.get(message.body.webhook), env)),
  );
}

/** @param receiver undefined: it was removed, and what was meant for it is forgotten */
async function handle(
  message: Message<Delivery>,
  receiver: Receiver | undefined,
  env: Env,
): Promise<void> {
  const { webhook, event } = message.body;
  if (receiver === undefined) return message.ack();
  if (receiver.disabledAtMs !== null) {
    await webhooksOf(env).bury([{ webhook, event, why: 'the receiver answered 410 Gone' }]);
    return message.ack();
  }
  const outcome = await deliver(event, receiver, {
    sealingKey: sealingKeyOf(env),
    allowLoopback: allowsLoopbackWebhooks(env),
    nowMs: systemClock.now(),
  });
  if (outcome.kind === 'taken') return message.ack();
  const { why } = outcome;
  logLine('warn', 'webhook-failed', {
    webhook,
    event_id: event.id,
    attempt: message.attempts,
    why,
  });
  if (outcome.kind === 'gone') {
    await webhooksOf(env).disable(webhook);
    await webhooksOf(env).bury([{ webhook, event, why }]);
    return message.ack();
  }
  message.retry({
    delaySeconds: retryWaitS(
      message.attempts,
      outcome.afterS,
      webhookRetriesOf(env),
      Math.random(),
    ),
  });
}
