/** The WebRTC side of one stay in a room, whichever of LiveKit's two ways to connect a server knows. */
import type { JoinResponse, SignalRequest, SignalResponse } from '@livekit/protocol';
import type { EncodedFrame, RoomParts, TrackCodec } from '../room.ts';
import type { Traffic } from './path-watch.ts';
import type { Roster } from './roster.ts';
import type { Spares } from './spares.ts';
import type { TrackReceiver } from './track-receiver.ts';
import type { TurnServer } from './turn-servers.ts';

export interface StayMediaParts extends Pick<RoomParts, 'clock' | 'log' | 'bindAddress'> {
  /** Of our track. */
  readonly codec: TrackCodec;
  readonly trackName: string;
  readonly roster: Roster;
  readonly receiver: TrackReceiver;
  /** As in PeerOptions. */
  readonly relay: readonly TurnServer[] | null;
  /** What lies ready for joins; null: nothing does. */
  readonly spares: Spares | null;
  readonly request: (message: SignalRequest['message']) => void;
}

export interface StayMediaEvents {
  /** The server is in reach: packets go both ways a few milliseconds later. Once, before `onUp`. */
  onReached(): void;
  /** Packets can go both ways. Once. */
  onUp(): void;
  /** As in RoomEvents. May come before the join. */
  onSubscribed(): void;
  /** The connection failed or was closed by the other side. */
  onDown(): void;
  onData(message: Buffer): void;
  /** The server said what cannot be: this stay is lost. */
  onFault(error: unknown): void;
}

/** SDP of the connection on which the server sends. */
export interface MediaDescriptions {
  readonly offer: string;
  readonly answer: string;
}

export interface StayMedia {
  readonly isReached: boolean;
  readonly isUp: boolean;
  /** The signalling may break and be taken up again without harm to what flows. */
  readonly canResume: boolean;
  /** On the connection that carries our track. */
  readonly traffic: Traffic;
  /** What was agreed on last, while `canResume`. */
  readonly descriptions: MediaDescriptions;
  /** Asks the server to take the participant up again. @throws TypeError when `serverUrl` is no URL */
  resumeUrl(serverUrl: string, participantSid: string): URL;
  /** Gets ready for the join. @param onReady called once with the request in which the signalling is opened */
  prepare(onReady: (url: (serverUrl: string) => URL) => void): void;
  onJoin(join: JoinResponse): void;
  /** Hears every message of the server. */
  onMessage(message: SignalResponse['message']): void;
  send(frame: EncodedFrame, audioLevelDbov: number): void;
  sendData(message: Uint8Array): void;
  /** Frees every native object. Resolves within callLimits.closeMs. */
  close(): Promise<void>;
}
