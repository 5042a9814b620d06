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
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'expected the id of a dead letter')
    .transform(Number)
    .optional(),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, `expected a number from 1 to ${webhookLimits.deadLettersPageMax}`)
    .transform(Number)
    .pipe(z.number().min(1).max(webhookLimits.deadLettersPageMax))
    .optional(),
  webhook: receiverId.optional(),
} as const;
