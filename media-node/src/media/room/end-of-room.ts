/** Why LiveKit sent us away, in the words of the media port. Pure. */
import type { RoomEnd } from '../media-session.ts';

/** @param reason name of LiveKit's DisconnectReason. Reasons that say nothing of us are a lost room. */
export function roomEndOf(reason: string | undefined): RoomEnd {
  switch (reason) {
    case 'DUPLICATE_IDENTITY':
      return 'duplicate-identity';
    case 'PARTICIPANT_REMOVED':
      return 'participant-removed';
    case 'ROOM_DELETED':
    case 'ROOM_CLOSED':
      return 'room-deleted';
    case 'JOIN_FAILURE':
      return 'room-refused';
    default:
      return 'room-lost';
  }
}

/** What an HTTP status instead of a WebSocket says: 4xx is about our token or request, the rest about the server. */
export function roomEndOfStatus(status: number): RoomEnd {
  return status >= 400 && status < 500 ? 'room-refused' : 'room-unreachable';
}
