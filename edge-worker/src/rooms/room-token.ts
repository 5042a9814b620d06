/**
 * The room token: all that a media node may do with LiveKit. One room, one identity, kind SIP, audio both ways, data (DTMF) and the
 * participant's own attributes (`sip.callStatus`), for edgeLimits.roomTokenTtlS. Room configuration rides inside, so that
 * LiveKit dispatches the rule's agents when the room opens.
 */

import { edgeLimits } from '@callgate/shared/limits.ts';
import { type RoomConfiguration, TrackSource } from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';

export interface RoomTokenRequest {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly roomName: string;
  readonly identity: string;
  readonly name: string;
  readonly metadata: string;
  /** Participant attributes, none of them empty. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly roomPreset: string;
  readonly roomConfig: RoomConfiguration | null;
}

/** The signed token (JWT). */
export async function roomToken(request: RoomTokenRequest): Promise<string> {
  const token = new AccessToken(request.apiKey, request.apiSecret, {
    identity: request.identity,
    name: request.name,
    metadata: request.metadata,
    ttl: edgeLimits.roomTokenTtlS,
    attributes: Object.fromEntries(request.attributes),
  });
  token.kind = 'sip';
  token.addGrant({
    roomJoin: true,
    room: request.roomName,
    canPublish: true,
    canPublishSources: [TrackSource.MICROPHONE],
    canSubscribe: true,
    canPublishData: true,
    canUpdateOwnMetadata: true,
  });
  if (request.roomPreset !== '') token.roomPreset = request.roomPreset;
  if (request.roomConfig !== null) token.roomConfig = request.roomConfig;
  return token.toJwt();
}
