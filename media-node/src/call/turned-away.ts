/**
 * Records of calls that admission turned away: one per attempt, so that an operator finds them beside all others, but only so many a second, as a full node must not be made
 * busier by those it has no room for. The others are counted.
 */
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { admissionLimits, recordLimits } from '@callgate/shared/limits.ts';
import { sourceText } from '@callgate/shared/sip/source-text.ts';
import type { Clock } from '../clock.ts';
import { ownText } from '../recent.ts';
import type { TurnedAwayInvite } from '../sip/sip-endpoint.ts';
import { TokenBucket } from '../token-bucket.ts';
import { traceIdOf } from '../trace-id.ts';
import { newCallId } from './call-id.ts';

export interface TurnedAwayParts {
  readonly clock: Clock;
  readonly deliver: (record: CallRecord) => void;
  /** Whether the spool has room for records that can be spared. */
  readonly hasSpace: () => boolean;
  /** What the attempt is called when it was challenged before; forgets the challenge. */
  readonly takeBack: (
    callId: string,
    fromTag: string,
  ) => { readonly id: string; readonly sequence: number } | null;
}

const { recordsBurst, recordsPerSecond, recordsStrangersShare, recordedMax } = admissionLimits;

export class TurnedAway {
  readonly #parts: TurnedAwayParts;
  readonly #rate: TokenBucket;
  /** Calls recorded last, by Call-ID and From tag; insertion order is age. */
  readonly #recorded = new Set<string>();
  #unrecorded = 0;

  constructor(parts: TurnedAwayParts) {
    this.#parts = parts;
    this.#rate = new TokenBucket(recordsBurst, recordsPerSecond, parts.clock.nowMono());
  }

  /** INVITEs turned away that have no record of their own, since the start. */
  get unrecorded(): number {
    return this.#unrecorded;
  }

  /** Records the attempt, or counts it. Never throws. */
  note(invite: TurnedAwayInvite): void {
    const { callId, fromTag, isKnown } = invite;
    const key = `${callId}\n${fromTag}`;
    // A copy of an INVITE that is recorded already: the answer was lost, or the caller is impatient.
    if (this.#recorded.has(key)) return;
    const { clock, hasSpace, takeBack, deliver } = this.#parts;
    const before = takeBack(callId, fromTag);
    // The challenge of an attempt would have had its record: this one takes its place.
    const isRecorded =
      before !== null ||
      (hasSpace() &&
        this.#rate.take(clock.nowMono(), isKnown ? 0 : recordsBurst * (1 - recordsStrangersShare)));
    if (!isRecorded) {
      this.#unrecorded += 1;
      return;
    }
    this.#remember(key);
    deliver(recordOf(invite, before ?? { id: newCallId(), sequence: 0 }, clock));
  }

  #remember(key: string): void {
    this.#recorded.add(ownText(key));
    if (this.#recorded.size <= recordedMax) return;
    const [oldest] = this.#recorded;
    if (oldest !== undefined) this.#recorded.delete(oldest);
  }
}

function recordOf(
  { callId, fromTag, fromUser, toUser, source, arrivedAtMono, bound, sipStatus }: TurnedAwayInvite,
  attempt: { readonly id: string; readonly sequence: number },
  clock: Clock,
): CallRecord {
  const sinceInvite = Math.max(0, Math.round(clock.nowMono() - arrivedAtMono));
  const isDraining = bound === 'draining';
  return {
    contract: contractVersion,
    call_id: attempt.id,
    sequence: attempt.sequence,
    sip_call_id: bounded(callId),
    trace_id: traceIdOf(callId, fromTag),
    from_user: bounded(fromUser),
    to_user: bounded(toUser),
    source: sourceText(source),
    ...{ trunk_id: null, rule_id: null, room_name: null, participant_identity: null },
    revision: null,
    invited_at_ms: Math.round(clock.nowWall() - sinceInvite),
    stages: {
      ...{ trying_ms: null, decided_ms: null, ringing_ms: null, joined_ms: null },
      ...{ audible_ms: null, answered_ms: null, acknowledged_ms: null },
      ...{ first_audio_from_phone_ms: null, first_audio_to_phone_ms: null },
      ended_ms: sinceInvite,
    },
    media: null,
    reason: isDraining ? 'draining' : 'over-capacity',
    explanation: isDraining
      ? 'The node takes no new calls because it is being drained.'
      : `The node had no room for a new call: its bound on ${bound} was reached.`,
    sip_status: sipStatus,
    leased: false,
  };
}

/** Nobody has looked at it: it may be longer than a record takes. */
function bounded(text: string): string {
  return text.slice(0, recordLimits.textCharactersMax);
}
