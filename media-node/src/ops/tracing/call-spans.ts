/**
 * The spans of calls, for OpenTelemetry: what a caller waited for, from the INVITE through the edge to the room.
 *
 *   invite               INVITE to the final answer, or to the end of a call that got none
 *     edge.decide          the question to the edge; its own span there is a child of this one
 *     edge.pin             a question with digits
 *     room.join            token in hand to participant in the room
 *     room.audible         from there to somebody who can be heard
 *     call                 answer to end
 *
 * Spans are handed over as they end, so that a long call shows how it was set up while it is up. Attributes are ids and words of ours.
 */
import { outcomes } from '@callgate/shared/call/outcome.ts';
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { writeTraceparent } from '@callgate/shared/contract/traceparent.ts';
import type { Clock } from '../../clock.ts';
import {
  type Attempt,
  type AttemptWatch,
  type CallWatch,
  newSpanId,
  type Stage,
  type Wait,
  type Waiting,
} from '../call-watch.ts';

export interface FinishedSpan {
  readonly name: 'invite' | 'call' | 'room.audible' | Wait;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  /** Wall clock, ms since epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** A reason of the table of outcomes that is ours or of what we depend on; null: none. */
  readonly failure: string | null;
}

/** A span that has not ended. */
interface Open {
  readonly name: FinishedSpan['name'];
  readonly spanId: string;
  readonly startMs: number;
}

/** @param onSpan takes a span over; called seldom, never with a packet */
export function tracedCalls(clock: Clock, onSpan: (span: FinishedSpan) => void): CallWatch {
  return { begin: (attempt) => new TracedAttempt(attempt, clock, onSpan) };
}

class TracedAttempt implements AttemptWatch {
  readonly #attempt: Attempt;
  readonly #clock: Clock;
  readonly #onSpan: (span: FinishedSpan) => void;
  /** Wall clock at the INVITE. */
  readonly #invitedMs: number;
  readonly #root: Open;
  /** By name; one of each at a time. */
  readonly #open = new Map<FinishedSpan['name'], Open>();

  constructor(attempt: Attempt, clock: Clock, onSpan: (span: FinishedSpan) => void) {
    this.#attempt = attempt;
    this.#clock = clock;
    this.#onSpan = onSpan;
    this.#invitedMs = clock.nowWall() - (clock.nowMono() - attempt.invitedAtMono);
    this.#root = { name: 'invite', spanId: newSpanId(), startMs: this.#invitedMs };
    this.#open.set('invite', this.#root);
  }

  stage(stage: Stage, afterMs: number): void {
    const atMs = this.#invitedMs + afterMs;
    if (stage === 'joined_ms') {
      this.#end('room.join', atMs, null);
      this.#begin('room.audible', atMs);
    }
    if (stage === 'audible_ms') this.#end('room.audible', atMs, null);
    if (stage === 'answered_ms') {
      this.#end('invite', atMs, null, { 'callgate.sip_status': 200 });
      this.#begin('call', atMs);
    }
  }

  wait(wait: Wait): Waiting {
    const { spanId } = this.#begin(wait, this.#now());
    const { traceId } = this.#attempt;
    return {
      traceparent: writeTraceparent({ traceId, spanId, isSampled: true }),
      done: (failure) => this.#end(wait, this.#now(), failure ?? null),
    };
  }

  ended(record: CallRecord): void {
    const atMs = this.#invitedMs + record.stages.ended_ms;
    const facts = factsOf(record);
    for (const name of [...this.#open.keys()].reverse()) {
      if (name === 'invite' || name === 'call') this.#end(name, atMs, failureOf(record), facts);
      else this.#end(name, atMs, record.reason);
    }
  }

  #now(): number {
    return this.#invitedMs + (this.#clock.nowMono() - this.#attempt.invitedAtMono);
  }

  #begin(name: FinishedSpan['name'], startMs: number): Open {
    const span = { name, spanId: newSpanId(), startMs };
    this.#open.set(name, span);
    return span;
  }

  #end(
    name: FinishedSpan['name'],
    endMs: number,
    failure: string | null,
    facts: FinishedSpan['attributes'] = {},
  ): void {
    const span = this.#open.get(name);
    if (span === undefined) return;
    this.#open.delete(name);
    const { traceId, callId, sequence } = this.#attempt;
    this.#onSpan({
      ...span,
      traceId,
      parentSpanId: name === 'invite' ? null : this.#root.spanId,
      endMs: Math.max(endMs, span.startMs),
      attributes: { 'callgate.call_id': callId, 'callgate.sequence': sequence, ...facts },
      failure,
    });
  }
}

/** What a caller does, and a challenge that is part of every call, is no failure of ours. */
function failureOf({ reason }: CallRecord): string | null {
  const { result } = outcomes[reason];
  return result === 'platform' || result === 'upstream' ? reason : null;
}

function factsOf(record: CallRecord): FinishedSpan['attributes'] {
  const { reason, sip_status, trunk_id, rule_id, revision, media } = record;
  return {
    'callgate.reason': reason,
    ...(sip_status === null ? {} : { 'callgate.sip_status': sip_status }),
    ...(trunk_id === null ? {} : { 'callgate.trunk_id': trunk_id }),
    ...(rule_id === null ? {} : { 'callgate.rule_id': rule_id }),
    ...(revision === null ? {} : { 'callgate.revision': revision }),
    ...(media === null ? {} : { 'callgate.codec': media.codec }),
  };
}
