/** The stages of one call, ms after its INVITE on the monotonic clock, and the record made of them. */
import type { OutcomeReason } from '@callgate/shared/call/outcome.ts';
import type { Decision } from '@callgate/shared/contract/decision.ts';
import type { CallProgress } from '@callgate/shared/contract/progress.ts';
import type { CallFacts, CallRecord } from '@callgate/shared/contract/record.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { recordLimits } from '@callgate/shared/limits.ts';
import { sourceText } from '@callgate/shared/sip/source-text.ts';
import type { Clock } from '../clock.ts';
import type { MediaEvent, MediaStats } from '../media/media-session.ts';
import type { Stage } from '../ops/call-watch.ts';
import type { InviteRequest } from '../sip/sip-endpoint.ts';

export interface TimedCall {
  readonly id: string;
  readonly traceId: string;
  readonly sequence: number;
  readonly invite: InviteRequest;
}

export class Timeline {
  readonly #clock: Clock;
  readonly #call: TimedCall;
  readonly #invitedAtMono: number;
  readonly #invitedAtWall: number;
  readonly #onStage: (stage: Stage, afterMs: number) => void;
  readonly #stages: Record<Stage, number | null> = {
    trying_ms: null,
    decided_ms: null,
    ringing_ms: null,
    joined_ms: null,
    audible_ms: null,
    answered_ms: null,
    acknowledged_ms: null,
    first_audio_from_phone_ms: null,
    first_audio_to_phone_ms: null,
  };

  /** @param onStage hears of each stage once, with ms since the INVITE */
  constructor(clock: Clock, call: TimedCall, onStage: (stage: Stage, afterMs: number) => void) {
    const { arrivedAtMono: invitedAtMono } = call.invite;
    this.#clock = clock;
    this.#call = call;
    this.#onStage = onStage;
    this.#invitedAtMono = invitedAtMono;
    this.#invitedAtWall = clock.nowWall() - (clock.nowMono() - invitedAtMono);
  }

  /** Milliseconds since the INVITE. */
  sinceInvite(): number {
    return Math.max(0, Math.round(this.#clock.nowMono() - this.#invitedAtMono));
  }

  /** Notes the first time a stage is reached. */
  mark(stage: Stage): void {
    if (this.#stages[stage] !== null) return;
    const afterMs = this.sinceInvite();
    this.#stages[stage] = afterMs;
    this.#onStage(stage, afterMs);
  }

  /** Notes the stage that an event of media reaches, if it does. */
  markMedia(event: MediaEvent): void {
    if (event.kind === 'joined') this.mark('joined_ms');
    if (event.kind === 'audible') this.mark('audible_ms');
    if (event.kind !== 'first-audio') return;
    this.mark(
      event.direction === 'from-phone' ? 'first_audio_from_phone_ms' : 'first_audio_to_phone_ms',
    );
  }

  /** How far the call has come. */
  progress(decision: Decision | null): CallProgress {
    return { ...this.#facts(decision), stages: { ...this.#stages } };
  }

  /** The record of the call, now that it has ended. */
  record(end: {
    readonly decision: Decision | null;
    readonly media: MediaStats | null;
    readonly reason: OutcomeReason;
    readonly explanation: string | null;
    readonly sipStatus: number | null;
    readonly endedMs: number;
  }): CallRecord {
    const { decision } = end;
    return {
      ...this.#facts(decision),
      stages: { ...this.#stages, ended_ms: end.endedMs },
      media: end.media === null ? null : mediaOf(end.media),
      reason: end.reason,
      explanation: end.explanation?.slice(0, recordLimits.explanationCharactersMax) ?? null,
      sip_status: end.sipStatus,
      leased: decision !== null && 'lease_ms' in decision && decision.lease_ms !== undefined,
    };
  }

  #facts(decision: Decision | null): CallFacts {
    const { id, sequence, traceId, invite } = this.#call;
    const join = decision?.kind === 'join' ? decision : null;
    return {
      contract: contractVersion,
      call_id: id,
      sequence,
      sip_call_id: invite.callId,
      trace_id: traceId,
      from_user: invite.from.user,
      to_user: invite.to.user,
      source: sourceText(invite.source),
      trunk_id: decision?.trunk_id ?? null,
      rule_id: join?.rule_id ?? null,
      room_name: join?.room.name ?? null,
      participant_identity: join?.participant.identity ?? null,
      revision: decision?.revision ?? null,
      invited_at_ms: Math.round(this.#invitedAtWall),
    };
  }
}

function mediaOf(stats: MediaStats): NonNullable<CallRecord['media']> {
  return {
    codec: stats.codec,
    packets_received: stats.packetsReceived,
    packets_sent: stats.packetsSent,
    packets_lost: stats.packetsLost,
    packets_foreign: stats.packetsForeign,
    jitter_ms: Math.round(stats.jitterMs * 100) / 100,
    packets_lost_at_phone: Math.max(0, stats.packetsLostAtPhone),
    round_trip_ms: stats.roundTripMs,
    mos: stats.mos,
  };
}
