/** Why LiveKit sent us away, in the words of the media port. Pure. */
import { DisconnectReason } from '@livekit/protocol';
import type { RoomEnd } from '../../media-session.ts';

/** Maps the reason of a leave message. Reasons that say nothing of us are a lost room. */
export function roomEndOf(reason: DisconnectReason): RoomEnd {
  switch (reason) {
    case DisconnectReason.DUPLICATE_IDENTITY:
      return 'duplicate-identity';
    case DisconnectReason.PARTICIPANT_REMOVED:
      return 'participant-removed';
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return 'room-deleted';
    case DisconnectReason.JOIN_FAILURE:
      return 'room-refused';
    default:
      return 'room-lost';
  }
}

/** What a status of the WebSocket upgrade says: 4xx is about our token or request, the rest about the server. */
export function roomEndOfStatus(status: number): RoomEnd {
  return status >= 400 && status < 500 ? 'room-refused' : 'room-unreachable';
}
