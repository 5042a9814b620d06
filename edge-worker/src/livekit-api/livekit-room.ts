/** The few things that the edge asks of LiveKit's room service. */
import { livekitApiLimits } from '@callgate/shared/limits.ts';
import type { ParticipantInfo } from '@livekit/protocol';
import { RoomServiceClient, ServerError } from 'livekit-server-sdk';
import { type Env, livekitOf } from '../env.ts';
import type { LiveCall } from '../live/live-calls.ts';

/** null: there is no such participant, or no such room. @throws Error when LiveKit cannot be reached, ConfigError */
export async function findParticipant(
  env: Env,
  room: string,
  identity: string,
): Promise<ParticipantInfo | null> {
  try {
    return await clientOf(env).getParticipant(room, identity);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/**
 * Removes the participant of a call; one that is gone already is as good. A caller who was cut off calls again, perhaps by another node, and is in the room under the same identity: that
 * one stays.
 * @throws Error when LiveKit cannot be reached, ConfigError
 */
export async function removeCaller(
  env: Env,
  { room, identity, callId }: Pick<LiveCall, 'room' | 'identity' | 'callId'>,
): Promise<void> {
  const participant = await findParticipant(env, room, identity);
  const theirs = participant?.attributes['sip.callID'] ?? callId;
  if (participant === null || theirs !== callId) return;
  try {
    await clientOf(env).removeParticipant(room, identity);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function clientOf(env: Env): RoomServiceClient {
  const { url, apiKey, apiSecret } = livekitOf(env);
  return new RoomServiceClient(url.replace(/^ws/, 'http'), apiKey, apiSecret, {
    requestTimeout: livekitApiLimits.timeoutS,
    failover: false,
  });
}

function isNotFound(error: unknown): boolean {
  return error instanceof ServerError && error.code === 'not_found';
}
