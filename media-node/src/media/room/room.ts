/**
 * The room port: one participant in one LiveKit room, in terms of encoded frames. It knows nothing of SIP and RTP ports; the bridge
 * picks the cheapest path between the codecs both sides take.
 */
import type { Clock } from '../../clock.ts';
import type { Log } from '../../ops/log.ts';
import type { RoomAnswer, RoomEnd, RoomRequest } from '../media-session.ts';
import type { MediaTick } from '../media-tick.ts';

/** `L16`: samples as they are, int16 mono at 48 kHz, little-endian, with the clock of Opus. */
export type RoomCodec = 'opus' | 'PCMU' | 'PCMA' | 'G722' | 'L16';

/** What our own track can be: of the last three LiveKit takes each by default; `L16` is for a client that codes itself. */
export type RoomSendCodec = 'L16' | TrackCodec;
export type TrackCodec = 'opus' | 'PCMU' | 'PCMA';

/** One packet's worth of encoded audio. */
export interface EncodedFrame {
  readonly codec: RoomCodec;
  /** Numbering and timestamps begin anew when it changes. Of a frame to send it says nothing. */
  readonly ssrc: number;
  /** Valid only during the call that hands it over; copy to keep. */
  readonly payload: Uint8Array;
  /** RTP timestamp in the codec's clock (48 kHz for Opus, 8 kHz for G.711), 32 bit, wraps. */
  readonly timestamp: number;
  /** RTP sequence number, 16 bit, wraps; a gap means packets were lost. */
  readonly sequence: number;
  /** First packet after silence (RFC 3551 §4.1). */
  readonly marker: boolean;
}

export interface RoomEvents {
  /** We are in the room as a participant. */
  onJoined(): void;
  /**
   * The server sends us another participant's audio track from its next moment on, and is in reach: whoever waits for somebody to be heard need not wait for the
   * section that carries it. Clients that do not learn of it earlier tell by `onTrack` alone.
   */
  onSubscribed(): void;
  /** Another participant's audio track is published, subscribed and can be heard from now on. Per track. */
  onTrack(track: { readonly id: string; readonly participant: string }): void;
  onTrackEnded(track: { readonly id: string }): void;
  onFrame(track: { readonly id: string }, frame: EncodedFrame): void;
  /** What our participant's attributes are now, all of them: those of the token, ours, and what others set. */
  onAttributes(attributes: Readonly<Record<string, string>>): void;
  /** A participant wants digits sent to the phone: 0-9, *, #, a-d, w for a pause; not checked. */
  onDigits(digits: string): void;
  /** A participant asks something of us (RPC, one of roomMethods); to be answered by `respond`. */
  onRequest(request: RoomRequest): void;
  /** Nothing follows. Not called after `leave`. */
  onEnded(reason: RoomEnd): void;
}

export interface JoinOptions {
  readonly url: string;
  readonly token: string;
  /** From join() to onJoined, ms; then onEnded('room-unreachable'). */
  readonly timeoutMs: number;
  /** Name of the track we publish. */
  readonly trackName: string;
}

/** What every client is built from. */
export interface RoomParts {
  readonly clock: Clock;
  readonly tick: MediaTick;
  readonly log: Log;
  /** Address literal that media to LiveKit leaves from; null: any of this machine's. */
  readonly bindAddress: string | null;
}

export interface Room {
  /** Codecs `send` takes. */
  readonly sendCodecs: readonly RoomCodec[];
  /** Starts joining; never throws, reports through the events. Call once. */
  join(options: JoinOptions): void;
  /** Sends one frame on our track; dropped silently until the track is up. */
  send(frame: EncodedFrame, audioLevelDbov: number): void;
  /** Tells everybody that the phone sent a digit (LiveKit's SipDTMF data packet). @param digit 0-9, *, #, a-d */
  sendDigit(digit: string): void;
  setAttributes(attributes: Readonly<Record<string, string>>): void;
  /** Answers a request. An answer that nobody waits for any more is dropped. */
  respond(request: Pick<RoomRequest, 'id' | 'caller'>, answer: RoomAnswer): void;
  /** Leaves and frees every native object. Resolves within callLimits.closeMs. Idempotent. */
  leave(): Promise<void>;
}
