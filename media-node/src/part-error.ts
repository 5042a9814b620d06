/** A failure of a part the node depends on, with a reason of the table of outcomes. Decisions are values and never throw. */
import type { OutcomeReason } from '@callgate/shared/call/outcome.ts';

export class PartError extends Error {
  override readonly name = 'PartError';
  readonly reason: OutcomeReason;

  constructor(reason: OutcomeReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
