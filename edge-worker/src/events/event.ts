/** An event as receivers of webhooks see it (Standard Webhooks: type, timestamp, data), with the id that stands for it however often it is sent. */
import type { JsonObject } from '@bufbuild/protobuf';
import { type CallEventType, callEventTypes } from '@callgate/shared/call/call-events.ts';

export const eventTypes = [
  ...callEventTypes,
  'routing.published',
  'node.linked',
  'node.unlinked',
  'node.draining',
  'node.lost',
  'webhook.test',
] as const satisfies readonly (CallEventType | `${string}.${string}`)[];

export type EventType = (typeof eventTypes)[number];

export interface WebhookEvent {
  /** Made of what happened, never random: the same happening has the same id. The `webhook-id` header. */
  readonly id: string;
  readonly type: EventType;
  /** ISO 8601, when it happened. */
  readonly timestamp: string;
  readonly data: JsonObject;
}

/** A message of the queue: one event for one receiver. */
export interface Delivery {
  /** Id of the receiver. */
  readonly webhook: string;
  readonly event: WebhookEvent;
}

/** @param key what makes the happening unlike others of its type */
export function makeEvent(
  type: EventType,
  key: string,
  atMs: number,
  data: JsonObject,
): WebhookEvent {
  return { id: `${type}-${key}`, type, timestamp: new Date(atMs).toISOString(), data };
}

/** Whether a receiver wants the event: its types are names, `call.*` and the like, or `*`. */
export function wants(types: readonly string[], type: EventType): boolean {
  const family = `${type.slice(0, type.indexOf('.'))}.*`;
  return types.some((wanted) => wanted === type || wanted === family || wanted === '*');
}
