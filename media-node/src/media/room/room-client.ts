/**
 * The room clients to choose from. Each is loaded only when it is chosen: their native libraries are large, and a process needs one of them.
 */
import type { Room, RoomEvents, RoomParts, RoomSendCodec } from './room.ts';

export const roomClientNames = ['direct', 'rtc-node'] as const;
export type RoomClientName = (typeof roomClientNames)[number];

export interface RoomClient {
  /** What its rooms take, its own choice first. */
  readonly sendCodecs: readonly RoomSendCodec[];
  /** @param codec of our track, one of those */
  create(events: RoomEvents, parts: RoomParts, codec: RoomSendCodec): Room;
  /** Frees what is kept for rooms to come. */
  close(): Promise<void>;
}

/**
 * Loads a client and gets it ready for its first room.
 * @param parts of the rooms to come
 * @throws when its native library does not run on this machine
 */
export async function loadRoomClient(
  name: RoomClientName,
  parts: Pick<RoomParts, 'clock' | 'bindAddress'>,
): Promise<RoomClient> {
  switch (name) {
    case 'direct': {
      const [{ DirectRoom }, { Spares }] = await Promise.all([
        import('./direct/direct-room.ts'),
        import('./direct/spares.ts'),
      ]);
      const spares = new Spares(parts.clock, parts.bindAddress);
      return {
        sendCodecs: ['opus', 'PCMU', 'PCMA'],
        create: (events, parts, codec) =>
          new DirectRoom(events, parts, codec === 'L16' ? 'opus' : codec, undefined, spares),
        close: () => spares.close(),
      };
    }
    case 'rtc-node': {
      const { RtcNodeRoom } = await import('./rtc-node/rtc-node-room.ts');
      return {
        sendCodecs: ['L16'],
        create: (events, parts) => new RtcNodeRoom(events, parts),
        close: () => Promise.resolve(),
      };
    }
    default:
      return name satisfies never;
  }
}
