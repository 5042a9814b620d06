/** Our track as RTP packets: one header per frame, in one buffer that is used again. */
import { mediaLimits } from '@callgate/shared/limits.ts';
import { writeLevelledRtpHeader, writeRtpHeader } from '../../rtp/rtp-packet.ts';
import type { EncodedFrame, TrackCodec } from '../room.ts';
import { levelExtensionId, payloadTypes, type RoomConnection } from './room-connection.ts';

export class TrackSender {
  readonly #connection: RoomConnection;
  readonly #codec: TrackCodec;
  readonly #packet = Buffer.alloc(mediaLimits.rtpPacketBytesMax);
  /** The server takes our audio level. */
  hasLevel = false;

  constructor(connection: RoomConnection, codec: TrackCodec) {
    this.#connection = connection;
    this.#codec = codec;
  }

  send(frame: EncodedFrame, audioLevelDbov: number): void {
    if (!this.#connection.isUp || frame.codec !== this.#codec) return;
    const header = {
      marker: frame.marker,
      payloadType: payloadTypes[this.#codec],
      sequence: frame.sequence,
      timestamp: frame.timestamp,
      ssrc: this.#connection.ssrc,
    };
    const packet = this.#packet;
    const start = this.hasLevel
      ? writeLevelledRtpHeader(packet, header, levelExtensionId, audioLevelDbov)
      : writeRtpHeader(packet, header);
    const end = start + frame.payload.length;
    if (end > packet.length) return;
    packet.set(frame.payload, start);
    this.#connection.send(packet.subarray(0, end));
  }
}
