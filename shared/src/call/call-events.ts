/**
 * The events of a call, as far as its stages prove them. Pure: progress reports and the record are snapshots that only grow, so whoever keeps which events it has told tells each
 * once, whatever order the snapshots come in, and the record makes up for every report that was lost.
 */
import type { StagesSoFar } from '../contract/record.ts';
import type { OutcomeReason } from './outcome.ts';

export const callEventTypes = [
  'call.started',
  'call.ringing',
  'call.answered',
  'call.ended',
  'call.refused',
] as const;

export type CallEventType = (typeof callEventTypes)[number];

export interface CallEvent {
  readonly type: CallEventType;
  /** After the INVITE. */
  readonly atMs: number;
}

/** How a call ended. */
export interface CallEnd {
  /** After the INVITE. */
  readonly atMs: number;
  readonly reason: OutcomeReason;
}

/**
 * When a call was let in, ms after the INVITE: it rang, or was answered to be asked for a PIN; or its node was lost with it, which is said only of calls that the edge had let in.
 * null: it was not, as far as is known.
 */
export function letInMs(stages: StagesSoFar, end: Pick<CallEnd, 'reason'> | null): number | null {
  const isKnownByEdge = end?.reason === 'node-lost';
  return (
    stages.ringing_ms ?? stages.answered_ms ?? (isKnownByEdge ? (stages.decided_ms ?? 0) : null)
  );
}

/**
 * A call has started when it was let in. One that has ended and was not was refused.
 * @param end null: it lives
 */
export function callEvents(stages: StagesSoFar, end: CallEnd | null): CallEvent[] {
  const { ringing_ms: ringing, answered_ms: answered } = stages;
  const started = letInMs(stages, end);
  const events: CallEvent[] = [];
  if (started !== null) events.push({ type: 'call.started', atMs: started });
  if (ringing !== null) events.push({ type: 'call.ringing', atMs: ringing });
  if (answered !== null) events.push({ type: 'call.answered', atMs: answered });
  if (end !== null)
    events.push({ type: started === null ? 'call.refused' : 'call.ended', atMs: end.atMs });
  return events;
}

/** One step of a call as `GET /v1/calls/{id}` tells it. */
export interface TimelineStep {
  readonly after_ms: number;
  readonly step: string;
}

const steps: readonly (readonly [keyof StagesSoFar, string])[] = [
  ['trying_ms', 'trying'],
  ['decided_ms', 'decided'],
  ['ringing_ms', 'ringing'],
  ['joined_ms', 'joined'],
  ['audible_ms', 'audible'],
  ['answered_ms', 'answered'],
  ['acknowledged_ms', 'acknowledged'],
  ['first_audio_from_phone_ms', 'first-audio-from-phone'],
  ['first_audio_to_phone_ms', 'first-audio-to-phone'],
];

/** What happened when, in order of time; steps of one millisecond stay in the order of a call. */
export function callTimeline(stages: StagesSoFar, endedMs: number | null): TimelineStep[] {
  const reached = steps.flatMap(([stage, step]) => {
    const after_ms = stages[stage];
    return after_ms === null ? [] : [{ after_ms, step }];
  });
  const ended = endedMs === null ? [] : [{ after_ms: endedMs, step: 'ended' }];
  return [{ after_ms: 0, step: 'invited' }, ...reached, ...ended].toSorted(
    (a, b) => a.after_ms - b.after_ms,
  );
}
