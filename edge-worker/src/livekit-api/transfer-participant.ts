/** TransferSIPParticipant: the participant's attribute `sip.callID` leads to the node that carries the call, and the node asks the caller by REFER. */

import { callId as callIdSchema } from '@callgate/shared/contract/offer.ts';
import { commandLimits } from '@callgate/shared/limits.ts';
import {
  sipFailure,
  transferFault,
  transferTarget,
  transferTimeoutMs,
} from '@callgate/shared/livekit-api/transfer.ts';
import {
  SIPStatus,
  SIPTransferStatus,
  type TransferSIPParticipantRequest,
  TransferSIPParticipantResponse,
} from '@livekit/protocol';
import type { ClaimGrants } from 'livekit-server-sdk';
import type { Env } from '../env.ts';
import { liveCallsOf } from '../live/live-calls.ts';
import { nodeLinkOf } from '../nodes/node-link-of.ts';
import type { CommandAnswer } from '../nodes/pending-commands.ts';
import { randomText } from '../rooms/random-text.ts';
import { findParticipant } from './livekit-room.ts';
import { TwirpError } from './twirp.ts';

/** @param deadlineMs how long the client waits; null: it does not say. @throws TwirpError as livekit-server would answer, ConfigError */
export async function transferParticipant(
  request: TransferSIPParticipantRequest,
  claims: ClaimGrants | null,
  env: Env,
  deadlineMs: number | null,
): Promise<TransferSIPParticipantResponse> {
  if (request.roomName === '') throw new TwirpError('invalid_argument', 'Missing room name');
  if (request.participantIdentity === '')
    throw new TwirpError('invalid_argument', 'Missing participant identity');
  const isAdmin = claims?.video?.roomAdmin === true && claims.video.room === request.roomName;
  if (claims?.sip?.call !== true || !isAdmin)
    throw new TwirpError('unauthenticated', 'permissions denied');
  const fault = transferFault(request);
  const to = transferTarget(request.transferTo);
  if (fault !== null || to === null)
    throw new TwirpError('invalid_argument', fault?.msg ?? 'invalid transfer_to');
  const { callId, node } = await callOf(request, env);
  const timeoutMs = transferTimeoutMs(request, deadlineMs);
  const command = {
    do: 'transfer',
    call_id: callId,
    to,
    headers: { ...request.headers },
    play_dialtone: request.playDialtone,
    timeout_ms: timeoutMs,
  } as const;
  const answer = await nodeLinkOf(env, node).command(command, timeoutMs + commandLimits.answerMs);
  return responseTo(answer);
}

async function callOf(
  { roomName, participantIdentity }: TransferSIPParticipantRequest,
  env: Env,
): Promise<{ callId: string; node: string }> {
  const participant = await askLivekit(() => findParticipant(env, roomName, participantIdentity));
  if (participant === null) throw new TwirpError('not_found', 'participant does not exist');
  const attribute = participant.attributes['sip.callID'];
  if (attribute === undefined || attribute === '')
    throw new TwirpError('invalid_argument', 'no SIP session associated with participant');
  const callId = callIdSchema.safeParse(attribute);
  const live = callId.success ? await liveCallsOf(env, callId.data).find(callId.data) : null;
  // The attribute is the participant's to change: it must not lead to somebody else's call.
  const isTheirs = live?.room === roomName && live.identity === participantIdentity;
  if (!callId.success || live === null || !isTheirs)
    throw new TwirpError('not_found', 'the call of this participant is not up');
  return { callId: callId.data, node: live.node };
}

async function askLivekit<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch {
    // Its text may quote tokens of ours.
    throw new TwirpError('unavailable', 'LiveKit cannot be reached');
  }
}

function responseTo(answer: CommandAnswer): TransferSIPParticipantResponse {
  switch (answer.kind) {
    case 'no-result':
      throw answer.why === 'silent'
        ? new TwirpError('deadline_exceeded', 'the media node has not answered in time')
        : new TwirpError('unavailable', 'the media node of the call cannot be told');
    case 'refused':
      throw refused(answer);
    case 'done':
      throw new TwirpError('internal', 'the media node did something else');
    case 'transfer':
      return outcome(answer);
    default:
      return answer satisfies never;
  }
}

function refused({ why, detail }: Extract<CommandAnswer, { kind: 'refused' }>): TwirpError {
  switch (why) {
    case 'unknown-call':
      return new TwirpError('not_found', detail);
    case 'not-answered':
      return new TwirpError('failed_precondition', "can't transfer non established call");
    case 'transferring-elsewhere':
      return new TwirpError('invalid_argument', 'call already being transferred elsewhere');
    case 'bad-target':
      return new TwirpError('invalid_argument', detail);
    default:
      return new TwirpError('internal', detail);
  }
}

function outcome({
  outcome: kind,
  status,
}: Extract<CommandAnswer, { kind: 'transfer' }>): TransferSIPParticipantResponse {
  switch (kind) {
    case 'transferred':
      return new TransferSIPParticipantResponse({
        transferId: `STR_${randomText()}`,
        status: SIPTransferStatus.STS_TRANSFER_SUCCESSFUL,
        sipStatus: new SIPStatus({ code: 200, status: 'OK' }),
      });
    case 'refused-by-caller':
    case 'refused-by-target': {
      const { code, msg, meta } = sipFailure(status ?? 500);
      throw new TwirpError(code, msg, meta);
    }
    case 'timeout':
      throw new TwirpError('deadline_exceeded', 'the transfer was not completed in time');
    case 'ended':
      throw new TwirpError('aborted', 'the call ended before the caller agreed to the transfer');
    default:
      return kind satisfies never;
  }
}
