/**
 * A media node is lost: it was killed, its machine or its network is gone. Its participants would stay in their rooms as silent guests until LiveKit gives them up; they
 * are removed now, and each call gets the record that its node can no longer write.
 */
import type { CallRecord } from '@callgate/shared/contract/record.ts';
import { liveCallLimits } from '@callgate/shared/limits.ts';
import { trunkCallsOf } from '../caps/trunk-calls.ts';
import type { Env } from '../env.ts';
import { removeCaller } from '../livekit-api/livekit-room.ts';
import { logLine } from '../log.ts';
import { recordsOf } from '../records/call-records.ts';
import { allLiveCalls, type Lost, type LostCall, liveCallsOf } from './live-calls.ts';

export interface ClosedCalls {
  /** That were up; of each object that lists them liveCallLimits.lostAtOnce at most are seen. */
  readonly found: number;
  /** false: some are left, and it has to be run again. */
  readonly isDone: boolean;
}

/** Closes the calls that a node has lost. */
export async function closeCallsOf(
  env: Env,
  node: string,
  which: Lost,
  nowMs: number,
): Promise<ClosedCalls> {
  const listed = await Promise.all(allLiveCalls(env).map((calls) => calls.lostWith(node, which)));
  const lost = listed.flat().toSorted((a, b) => a.sinceMs - b.sinceMs);
  const closed = await Promise.all(
    lost.slice(0, liveCallLimits.lostAtOnce).map((call) => close(env, call, nowMs)),
  );
  const found = lost.length - closed.filter((how) => how === 'was-over').length;
  if (found > 0) logLine('warn', 'node-calls-closed', { node, calls: found });
  const isDone = lost.length < liveCallLimits.lostAtOnce && !closed.includes('failed');
  return { found, isDone };
}

/**
 * `was-over`: its record came before the note that it was let in, so there was nothing to close, and whoever is in the room under its name is somebody else by now. `failed`: LiveKit or the
 * records could not be reached; the call stays to be closed.
 */
async function close(
  env: Env,
  call: LostCall,
  nowMs: number,
): Promise<'closed' | 'was-over' | 'failed'> {
  const { callId, node, room } = call;
  try {
    const soFar = JSON.parse(call.recordJson) as CallRecord;
    if (await recordsOf(env, callId).isOver(callId, soFar.sequence)) {
      await liveCallsOf(env, callId).end(callId, node, soFar.sequence);
      return 'was-over';
    }
    if (room !== '') await removeCaller(env, call);
    const ended_ms = Math.max(0, nowMs - call.sinceMs);
    const record: CallRecord = { ...soFar, stages: { ...soFar.stages, ended_ms } };
    await recordsOf(env, callId).add(node, record);
    if (record.leased && record.trunk_id !== null)
      await trunkCallsOf(env, record.trunk_id).end(node, [callId]);
    await liveCallsOf(env, callId).end(callId, node, soFar.sequence);
    return 'closed';
  } catch (error) {
    logLine('warn', 'lost-call-not-closed', { call_id: callId, message: String(error) });
    return 'failed';
  }
}
