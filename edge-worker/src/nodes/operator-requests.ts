/** What operators send to have a node do something. */
import { logLevel } from '@callgate/shared/contract/command.ts';
import { callLimits, commandLimits } from '@callgate/shared/limits.ts';
import * as z from 'zod';

export const drainRequest = z.strictObject({
  /** Calls that are still up after so many seconds end with BYE. */
  deadline_s: z
    .int()
    .min(0)
    .max(callLimits.durationMaxMs / 1_000)
    .default(commandLimits.drainMs / 1_000),
  /** Whether the process ends when its last call has; else it stays, takes no calls and can be taken back. */
  exit: z.boolean().default(true),
});

/** A machine trades its one-time code. */
export const enrolRequest = z.strictObject({ code: z.string().min(1).max(256) });

export const logLevelRequest = z.strictObject({ level: logLevel });
