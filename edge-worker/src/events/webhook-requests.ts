/** What operators send to ask for dead letters and to send them again. */
import { webhookLimits } from '@callgate/shared/limits.ts';
import * as z from 'zod';
import { receiverId } from './receiver.ts';

export const replayRequest = z.strictObject({
  /** Those letters; absent: the oldest, webhookLimits.deadLettersPageMax at most. */
  ids: z.array(z.int().positive()).min(1).max(webhookLimits.deadLettersPageMax).optional(),
  /** Those of one receiver. */
  webhook: receiverId.optional(),
});

export const deadLettersParameters = {
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(webhookLimits.deadLettersPageMax).optional(),
  webhook: receiverId.optional(),
} as const;
