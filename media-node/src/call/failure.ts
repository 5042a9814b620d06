/** What a failed part means for the call: anything that is not a PartError is a fault of ours. Pure. */
import type { OutcomeReason } from '@callgate/shared/call/outcome.ts';
import type { LogLevel } from '../ops/log.ts';
import { PartError } from '../part-error.ts';

export interface Failure {
  readonly reason: OutcomeReason;
  readonly explanation: string;
  readonly level: LogLevel;
  /** For the log. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof PartError) {
    const { reason, message: explanation } = error;
    return { reason, explanation, level: 'warn', fields: { reason, why: error } };
  }
  const stack = error instanceof Error ? { stack: error.stack } : {};
  return {
    reason: 'internal',
    explanation: 'A fault of Callgate itself.',
    level: 'error',
    fields: { reason: 'internal', why: error, ...stack },
  };
}
