/** Who ended a call, by its reason: for records, lists and webhooks. */
import type { OutcomeReason } from './outcome.ts';

/** `network`: a side that vanished without a word. */
export type EndedBy = 'caller' | 'application' | 'network' | 'callgate';

/** Everything else is a decision, a limit or a fault of ours. */
const others: Partial<Record<OutcomeReason, EndedBy>> = {
  'caller-hung-up': 'caller',
  'caller-cancelled': 'caller',
  'participant-removed': 'application',
  'room-deleted': 'application',
  'application-hung-up': 'application',
  transferred: 'application',
  'duplicate-identity': 'application',
  'media-silent': 'network',
  'ack-missing': 'network',
  'caller-unreachable': 'network',
  'session-expired': 'network',
  'room-lost': 'network',
};

export function endedBy(reason: OutcomeReason): EndedBy {
  return others[reason] ?? 'callgate';
}
