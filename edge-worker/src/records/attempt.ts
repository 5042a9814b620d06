/** An attempt as the edge knows it: the last progress report of a call that lives, or its record. What lists and webhooks show is made from it here. Pure. */
import type { JsonObject } from '@bufbuild/protobuf';
import { type CallEvent, callEvents, letInMs } from '@callgate/shared/call/call-events.ts';
import { endedBy } from '@callgate/shared/call/ended-by.ts';
import { isOutcomeReason, outcomes } from '@callgate/shared/call/outcome.ts';
import type { CallProgress } from '@callgate/shared/contract/progress.ts';
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { makeEvent, type WebhookEvent } from '../events/event.ts';

export type Attempt = CallProgress | CallRecord;

/** An attempt as it is read back. */
export interface StoredAttempt {
  readonly attempt: Attempt;
  /** The node that told of it. */
  readonly node: string;
  /** ms since epoch by the edge's clock. */
  readonly received_at_ms: number;
}

export function isRecord(attempt: Attempt): attempt is CallRecord {
  return 'reason' in attempt;
}

/** ms after the INVITE; null: the call lives. */
export function endedMsOf(attempt: Attempt): number | null {
  return isRecord(attempt) ? attempt.stages.ended_ms : null;
}

/** The events of it that are proven so far. */
export function eventsOf(attempt: Attempt): CallEvent[] {
  const { stages } = attempt;
  const end = isRecord(attempt) ? { atMs: attempt.stages.ended_ms, reason: attempt.reason } : null;
  return callEvents(stages, end);
}

export type AttemptState = 'live' | 'answered' | 'unanswered' | 'refused';

export function stateOf(attempt: Attempt): AttemptState {
  if (!isRecord(attempt)) return 'live';
  if (attempt.stages.answered_ms !== null) return 'answered';
  return letInMs(attempt.stages, attempt) === null ? 'refused' : 'unanswered';
}

/** How it ended by the table of outcomes; nulls while it lives. */
export function endOf(attempt: Attempt) {
  if (!isRecord(attempt))
    return {
      reason: null,
      result: null,
      fault: null,
      ended_by: null,
      sip_status: null,
      explanation: null,
    };
  const { reason, sip_status, explanation } = attempt;
  // An edge that was put back reads what a later one has kept: a reason that it does not know, it shows as it is.
  const outcome = isOutcomeReason(reason) ? outcomes[reason] : null;
  return {
    reason,
    result: outcome?.result ?? null,
    fault: outcome?.fault ?? null,
    ended_by: outcome === null ? null : endedBy(reason),
    sip_status,
    explanation,
  };
}

/** One line of a list of calls. */
export function summaryOf({ attempt, node, received_at_ms }: StoredAttempt) {
  const { contract: _, stages, ...facts } = attempt;
  const endedMs = endedMsOf(attempt);
  const { answered_ms: answeredMs } = stages;
  return {
    call_id: facts.call_id,
    sequence: facts.sequence,
    state: stateOf(attempt),
    node,
    received_at_ms,
    invited_at_ms: facts.invited_at_ms,
    from_user: facts.from_user,
    to_user: facts.to_user,
    source: facts.source,
    sip_call_id: facts.sip_call_id,
    trunk_id: facts.trunk_id,
    rule_id: facts.rule_id,
    room_name: facts.room_name,
    participant_identity: facts.participant_identity,
    revision: facts.revision,
    /** From answer to end, ms. */
    duration_ms: answeredMs === null || endedMs === null ? null : endedMs - answeredMs,
    ...endOf(attempt),
    codec: isRecord(attempt) ? (attempt.media?.codec ?? null) : null,
    mos: isRecord(attempt) ? (attempt.media?.mos ?? null) : null,
  };
}

/** The event of an attempt as webhooks tell it. */
export function webhookEventOf(event: CallEvent, attempt: Attempt, node: string): WebhookEvent {
  const { contract: _, stages, ...facts } = attempt;
  const isEnd = event.type === 'call.ended' || event.type === 'call.refused';
  const data: JsonObject = {
    call_id: facts.call_id,
    sequence: facts.sequence,
    node,
    sip_call_id: facts.sip_call_id,
    from_user: facts.from_user,
    to_user: facts.to_user,
    source: facts.source,
    trunk_id: facts.trunk_id,
    rule_id: facts.rule_id,
    room_name: facts.room_name,
    participant_identity: facts.participant_identity,
    revision: facts.revision,
    invited_at_ms: facts.invited_at_ms,
    after_ms: event.atMs,
    ...(isEnd && isRecord(attempt)
      ? { ...endOf(attempt), stages: { ...stages }, media: attempt.media }
      : {}),
  };
  const key = `${facts.call_id}-${facts.sequence}`;
  return makeEvent(event.type, key, facts.invited_at_ms + event.atMs, data);
}
