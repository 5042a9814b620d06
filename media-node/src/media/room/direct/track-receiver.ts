/**
 * The remote tracks of a room: which section carries which, which of them our user has been told of, and their packets as frames. Tracks are
 * announced once and only while packets can come (the connection is up), so that whoever waits for the first can answer the phone.
 */

import { RtpPacket } from '../../rtp/rtp-packet.ts';
import type { EncodedFrame, RoomCodec, RoomEvents } from '../room.ts';
import type { ReceivedTrack } from './remote-tracks.ts';
import { payloadTypes } from './room-connection.ts';

interface RemoteTrack {
  readonly id: string;
  readonly participant: string;
  isAnnounced: boolean;
}

/** A frame that is filled again for each packet: nobody may keep it. */
interface ReusedFrame extends EncodedFrame {
  codec: RoomCodec;
  ssrc: number;
  payload: Uint8Array;
  timestamp: number;
  sequence: number;
  marker: boolean;
}

/** The part of a room's events that speaks of remote tracks. */
export type TrackEvents = Pick<RoomEvents, 'onTrack' | 'onTrackEnded' | 'onFrame'>;

export class TrackReceiver {
  readonly #events: TrackEvents;
  readonly #tracks = new Map<string, RemoteTrack>();
  readonly #trackByMid = new Map<string, RemoteTrack>();
  readonly #packet = new RtpPacket();
  readonly #frame: ReusedFrame = {
    codec: 'opus',
    ssrc: 0,
    payload: new Uint8Array(0),
    timestamp: 0,
    sequence: 0,
    marker: false,
  };
  #isUp = false;

  constructor(events: TrackEvents) {
    this.#events = events;
  }

  /** Whether a section carries this track. */
  has(trackId: string): boolean {
    return this.#tracks.has(trackId);
  }

  /**
   * What the newest answer says of all sections; tracks it no longer names have ended.
   * @param identityOf the participant behind a `PA_...`
   */
  map(received: readonly ReceivedTrack[], identityOf: (participantSid: string) => string): void {
    this.#trackByMid.clear();
    const named = new Set(received.map((track) => track.trackId));
    this.end([...this.#tracks.keys()].filter((id) => !named.has(id)));
    for (const { mid, trackId, participantSid } of received) {
      let track = this.#tracks.get(trackId);
      if (track === undefined) {
        track = { id: trackId, participant: identityOf(participantSid), isAnnounced: false };
        this.#tracks.set(trackId, track);
      }
      this.#trackByMid.set(mid, track);
    }
    this.#announce();
  }

  /** Packets can come from now on. */
  up(): void {
    this.#isUp = true;
    this.#announce();
  }

  /** These tracks were unpublished, or their participants left. Unknown ids are ignored. */
  end(trackIds: readonly string[]): void {
    for (const id of trackIds) {
      const track = this.#tracks.get(id);
      if (track === undefined) continue;
      this.#tracks.delete(id);
      for (const [mid, mapped] of this.#trackByMid) {
        if (mapped === track) this.#trackByMid.delete(mid);
      }
      if (track.isAnnounced) this.#events.onTrackEnded({ id });
    }
  }

  endAll(): void {
    this.end([...this.#tracks.keys()]);
  }

  /** Takes a datagram of a section. What is no RTP of a track we know is dropped. */
  packet(mid: string, bytes: Buffer): void {
    const track = this.#trackByMid.get(mid);
    if (track === undefined || !track.isAnnounced) return;
    const packet = this.#packet;
    if (packet.read(bytes) !== null || packet.payload.length === 0) return;
    const codec = codecOf(packet.payloadType);
    if (codec === null) return;
    const frame = this.#frame;
    frame.codec = codec;
    frame.ssrc = packet.ssrc;
    frame.payload = packet.payload;
    frame.timestamp = packet.timestamp;
    frame.sequence = packet.sequence;
    frame.marker = packet.marker;
    this.#events.onFrame(track, frame);
  }

  #announce(): void {
    if (!this.#isUp) return;
    for (const track of this.#tracks.values()) {
      if (track.isAnnounced) continue;
      track.isAnnounced = true;
      this.#events.onTrack(track);
    }
  }
}

function codecOf(payloadType: number): RoomCodec | null {
  switch (payloadType) {
    case payloadTypes.opus:
      return 'opus';
    case payloadTypes.PCMU:
      return 'PCMU';
    case payloadTypes.PCMA:
      return 'PCMA';
    default:
      return null;
  }
}
