/**
 * The room clients to choose from. Each is loaded only when it is chosen: their native libraries are large, and a process needs one of them.
 */
import type { Room, RoomEvents, RoomParts } from './room.ts';

export const roomClientNames = ['direct', 'rtc-node'] as const;
export type RoomClientName = (typeof roomClientNames)[number];

/** Codecs that the bridge can make for a room. */
export type RoomSendCodec = 'opus' | 'L16';

export interface RoomClient {
  /** What its rooms take. */
  readonly sendCodec: RoomSendCodec;
  create(events: RoomEvents, parts: RoomParts): Room;
}

/** Loads a client. @throws when its native library does not run on this machine */
export async function loadRoomClient(name: RoomClientName): Promise<RoomClient> {
  switch (name) {
    case 'direct': {
      const { DirectRoom } = await import('./direct/direct-room.ts');
      return { sendCodec: 'opus', create: (events, parts) => new DirectRoom(events, parts) };
    }
    case 'rtc-node': {
      const { RtcNodeRoom } = await import('./rtc-node/rtc-node-room.ts');
      return { sendCodec: 'L16', create: (events, parts) => new RtcNodeRoom(events, parts) };
    }
    default:
      return name satisfies never;
  }
}
