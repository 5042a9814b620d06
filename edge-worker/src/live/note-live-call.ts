/** Notes that a call was let in, into a room or to be asked for its PIN, behind the decision: it begins when the answer is on its way, since a caller waits for that. */
import type { AskPinDecision, JoinDecision } from '@callgate/shared/contract/decision.ts';
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { after } from '../clock.ts';
import type { Env } from '../env.ts';
import { logLine } from '../log.ts';
import { liveCallsOf } from './live-calls.ts';

/** What the edge knows of a call beside its decision. */
export interface CallFacts {
  readonly callId: string;
  readonly sequence: number;
  readonly sipCallId: string;
  readonly fromUser: string;
  readonly toUser: string;
  readonly source: string;
}

/** What the node says beside the message, or null. */
export interface Asker {
  /** Of the call: its node made it of Call-ID and From tag. */
  readonly traceId: string | null;
  /** The run of the node (shared/contract/process.ts). */
  readonly process: string | null;
}

/** Never throws: the call stands without it, and can then be hung up by its room only. */
export async function noteLiveCall(
  env: Env,
  node: string,
  call: CallFacts & Asker,
  decision: JoinDecision | AskPinDecision,
  nowMs: number,
): Promise<void> {
  await new Promise<void>((settle) => after(0, settle));
  try {
    await liveCallsOf(env, call.callId).begin({
      callId: call.callId,
      node,
      room: decision.kind === 'join' ? decision.room.name : '',
      identity: decision.kind === 'join' ? decision.participant.identity : '',
      process: call.process,
      recordJson: JSON.stringify(recordSoFar(call, decision, nowMs)),
    });
  } catch (error) {
    logLine('warn', 'live-call-not-noted', { call_id: call.callId, message: String(error) });
  }
}

/** The record of a call that nobody has heard of since it was let in. */
function recordSoFar(
  call: CallFacts & Asker,
  decision: JoinDecision | AskPinDecision,
  nowMs: number,
): CallRecord {
  const joined = decision.kind === 'join' ? decision : null;
  return {
    contract: contractVersion,
    call_id: call.callId,
    sequence: call.sequence,
    sip_call_id: call.sipCallId,
    trace_id: call.traceId,
    from_user: call.fromUser,
    to_user: call.toUser,
    source: call.source,
    trunk_id: decision.trunk_id,
    rule_id: joined?.rule_id ?? null,
    room_name: joined?.room.name ?? null,
    participant_identity: joined?.participant.identity ?? null,
    revision: decision.revision,
    invited_at_ms: nowMs,
    stages: {
      trying_ms: null,
      decided_ms: 0,
      ringing_ms: null,
      joined_ms: null,
      audible_ms: null,
      answered_ms: null,
      acknowledged_ms: null,
      first_audio_from_phone_ms: null,
      first_audio_to_phone_ms: null,
      ended_ms: 0,
    },
    media: null,
    reason: 'node-lost',
    explanation: null,
    sip_status: null,
    leased: decision.lease_ms !== undefined,
  };
}
