/**
 * The record of a call is in: the call is up no more. A node whose media process died cannot take its participant out of the room, and LiveKit would show a
 * silent one for 20 s: the edge removes it.
 */
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import type { Env } from '../env.ts';
import { removeCaller } from '../livekit-api/livekit-room.ts';
import { logLine } from '../log.ts';
import { liveCallsOf } from './live-calls.ts';

/** Never fails: a participant that cannot be removed is a line in the log, and LiveKit drops it by itself. */
export async function endLiveCall(
  env: Env,
  node: string,
  { call_id, sequence, reason }: Pick<CallRecord, 'call_id' | 'sequence' | 'reason'>,
): Promise<void> {
  const calls = liveCallsOf(env, call_id);
  if (reason === 'media-lost') {
    const call = await calls.find(call_id);
    if (call?.node === node && call.room !== '') {
      await removeCaller(env, { ...call, callId: call_id }).catch((error: unknown) =>
        logLine('warn', 'participant-not-removed', { call_id, message: String(error) }),
      );
    }
  }
  await calls.end(call_id, node, sequence);
}
