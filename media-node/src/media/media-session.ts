/**
 * The media port of the node: what the call needs of sound and rooms. A session is one caller's RTP port and one room
 * participant. Everything that passes here is plain data, so that a session can live in another process. Only what lies
 * behind this port touches sound.
 */
import type { MediaFigures } from './media-figures.ts';

export type PhoneCodecName = 'PCMU' | 'PCMA' | 'G722' | 'opus';

/** What the room gets: Opus whatever the phone speaks, or the phone's own packets where LiveKit takes them. */
export type RoomAudio = 'opus' | 'pass-through';

export interface TelephoneEventFormat {
  readonly payloadType: number;
  /** Unit of durations, Hz; not that of the stream's timestamps where a phone with Opus offers telephone-event/8000 alone. */
  readonly clockRateHz: number;
}

/** What a phone asks of the Opus it is sent. RFC 7587 §6.1. */
export interface OpusWishes {
  /** The most it takes on average, bits per second; null: anything. */
  readonly maxAverageBitRate: number | null;
  /** It plays no more than this rate of samples, Hz. */
  readonly maxPlaybackRateHz: number;
  /** Packets of one size (cbr). */
  readonly isConstantRate: boolean;
  /** It makes use of the copy of the packet before (useinbandfec). */
  readonly usesFec: boolean;
  /** Pauses may be told by packets without sound (usedtx). */
  readonly usesDtx: boolean;
}

/** What the SDP negotiation settled for one audio stream. */
export interface PhoneStream {
  readonly codec: PhoneCodecName;
  readonly payloadType: number;
  /** RTP clock, Hz (8000 for G722 as RFC 3551 §4.5.2 wants it). */
  readonly clockRateHz: number;
  /** Negotiated telephone events (RFC 4733); null: none. */
  readonly telephoneEvent: TelephoneEventFormat | null;
  /** Packet time we send, ms. */
  readonly ptimeMs: number;
  /** What the phone asks of the Opus it is sent (RFC 7587 §6.1); null: another codec. */
  readonly opus: OpusWishes | null;
  /** Where the caller wants RTP (SDP c= and m=). */
  readonly remote: { readonly address: string; readonly port: number };
  /** IP address that the caller's signalling comes from: behind a NAT its RTP does, too. Left out: SDP alone counts. */
  readonly signallingAddress?: string;
  /** SRTP by SDES (RFC 4568): suite and the two master keys with their salts, secrets; null: plain RTP. */
  readonly srtp: {
    readonly suite:
      | 'AES_CM_128_HMAC_SHA1_80'
      | 'AES_CM_128_HMAC_SHA1_32'
      | 'AEAD_AES_128_GCM'
      | 'AEAD_AES_256_GCM';
    readonly sendKey: Buffer;
    readonly receiveKey: Buffer;
  } | null;
  /** Direction seen from us: may we send, do we expect to receive. Both false: inactive. */
  readonly send: boolean;
  readonly receive: boolean;
}

export interface MediaStats {
  readonly codec: PhoneCodecName;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
  /** Packets from a source that is not the locked one. */
  readonly packetsForeign: number;
  /** RFC 3550 §6.4.1, ms. */
  readonly jitterMs: number;
  /** Of our packets on the way to the phone, by its reports (RTCP). */
  readonly packetsLostAtPhone: number;
  /** To the phone and back, ms; null: the phone sends no reports. */
  readonly roundTripMs: number | null;
  /** How the caller probably sounded to us (E-model), 1 to 4.5; null: nothing came. */
  readonly mos: number | null;
}

/** Why a room went away, in our words. */
export type RoomEnd =
  | 'participant-removed'
  | 'room-deleted'
  | 'duplicate-identity'
  | 'room-lost'
  | 'room-refused'
  | 'room-unreachable'
  /** The process that carried the call's media died. */
  | 'media-lost'
  | 'internal';

/** What participants may ask of a phone by RPC: LiveKit's names. */
export const roomMethods = ['lk.sip.EndCall', 'lk.sip.GetRemoteHeaders'] as const;

export interface RoomRequest {
  readonly id: string;
  /** Identity of the participant that asks. */
  readonly caller: string;
  readonly method: (typeof roomMethods)[number];
  readonly payload: string;
}

/** The payload of the answer, or an error with LiveKit's codes (1500: of the application). */
export type RoomAnswer =
  | { readonly payload: string }
  | { readonly code: number; readonly message: string };

/** What a session tells the call. Each once, except attributes, requests, digits and sounds. */
export type MediaEvent =
  /** The participant is in the room. */
  | { readonly kind: 'joined' }
  /** Another participant has published audio, we are subscribed and its packets can reach the phone. */
  | { readonly kind: 'audible' }
  | { readonly kind: 'first-audio'; readonly direction: 'from-phone' | 'to-phone' }
  /** Our participant's attributes as the room has them now, all of them; whoever may manage the room can change them. */
  | { readonly kind: 'attributes'; readonly attributes: Readonly<Record<string, string>> }
  /** From `connect` on, before and after the room is joined: 0-9, *, #, a-d. */
  | { readonly kind: 'digit'; readonly digit: string }
  /** A participant asks something of the phone (RPC); to be answered by `respond`. */
  | { readonly kind: 'request'; readonly request: RoomRequest }
  /** A sound came to its end by itself. */
  | { readonly kind: 'played'; readonly sound: SoundName }
  /** No RTP from the phone for the configured time. */
  | { readonly kind: 'silent' }
  /** The room is gone or was never reached. Nothing follows. */
  | { readonly kind: 'room-ended'; readonly reason: RoomEnd };

/** What a caller can be made to hear. `wrong-pin` ends with a tone; `ringback` and `music` never end by themselves. */
export type SoundName = 'enter-pin' | 'wrong-pin' | 'entering-room' | 'ringback' | 'music';

export interface SoundOptions {
  /** Of a prompt, a folder of the prompts; left out or unknown: English. */
  readonly language?: string | undefined;
  /** Whose ringback tone, ISO 3166-1 alpha-2; left out or unknown: the European one. */
  readonly country?: string | undefined;
}

export interface MediaSession {
  /** Address and port for our SDP. */
  readonly local: { readonly address: string; readonly port: number };
  /** Fixes codec and remote address; may be called again after a re-INVITE. */
  setStream(stream: PhoneStream): void;
  /** Joins the room; answers with `joined` or `room-ended`. Call once. */
  join(room: { readonly url: string; readonly token: string; readonly timeoutMs: number }): void;
  /** The caller may hear sounds before the answer (early media): `play` works; nothing of the phone goes to the room, and silence is not watched. */
  preview(): void;
  /** The call was answered: audio flows both ways, silence is watched. */
  connect(timeouts: { readonly firstMediaMs: number; readonly silenceMs: number }): void;
  /** Lets the caller hear a sound instead of the room, from its start, after `preview` or `connect`; another one that plays is cut off without `played`. */
  play(sound: SoundName, options?: SoundOptions): void;
  /** Cuts the sound off; the caller hears the room again. */
  stopSound(): void;
  /**
   * A digit that came by signalling (SIP INFO): as if the phone had sent it as telephone event. Ignored once those have come, because
   * some phones send each digit both ways.
   */
  receiveDigit(digit: string): void;
  /** Sets an attribute of our participant, such as sip.callStatus. Best effort. */
  setAttributes(attributes: Readonly<Record<string, string>>): void;
  /** Answers a request of a participant. */
  respond(request: Pick<RoomRequest, 'id' | 'caller'>, answer: RoomAnswer): void;
  /** Leaves the room, closes the RTP port, frees everything. Resolves with the final figures. Idempotent. */
  close(): Promise<MediaStats | null>;
}

/** What media holds and uses. */
export interface MediaLoad {
  readonly sessions: number;
  readonly rtpPortsBound: number;
  /** Memory and cores of the media processes, 0 where media runs in the main process. */
  readonly residentBytes: number;
  readonly coresUsed: number;
}

export interface MediaPool {
  /**
   * Binds an RTP port on the media address for one call.
   * @throws PartError `no-rtp-port` when none is free.
   */
  open(callId: string, onEvent: (event: MediaEvent) => void): Promise<MediaSession>;
  /** Whether a call would find a process for its media. */
  readonly isReady: boolean;
  stats(): MediaLoad;
  /** Media processes that ended without being told to, since the start. */
  readonly restarts: number;
  /** What is counted, one of each process that carries media, always in the same order. Up to a second old. */
  figures(): readonly MediaFigures[];
  /** Closes every session. */
  close(): Promise<void>;
}
