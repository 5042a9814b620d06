/**
 * A room participant as an application would have it, by LiveKit's own SDK: it plays a tone and keeps what it hears of others. For tests of the room
 * clients and of whole calls.
 */
import { toneShare } from '@callgate/media-node/src/media/audio/tone.ts';
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  LocalVideoTrack,
  type RemoteParticipant,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
} from '@livekit/rtc-node';
import { AccessToken } from 'livekit-server-sdk';

export interface ServerAccess {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** Samples of what is played and heard, Hz. */
export const participantRateHz = 48_000;

/** A token that may do what a phone or an agent does. */
export async function roomToken(
  server: ServerAccess,
  room: string,
  identity: string,
  kind: 'standard' | 'sip' = 'standard',
  attributes: Readonly<Record<string, string>> = {},
): Promise<string> {
  const token = new AccessToken(server.apiKey, server.apiSecret, { identity, ttl: '10m' });
  token.addGrant({
    room,
    roomJoin: true,
    canPublish: true,
    canSubscribe: true,
    canPublishData: true,
    canUpdateOwnMetadata: true,
  });
  token.kind = kind;
  token.attributes = { ...attributes };
  return token.toJwt();
}

export class ToneParticipant {
  readonly room = new Room();
  /** Everything heard of any remote track since `forget`, int16 at participantRateHz. */
  readonly #heard: Int16Array[] = [];
  readonly #sources: AudioSource[] = [];
  /** Digits that phones sent. */
  readonly digits: string[] = [];
  #isLeaving = false;

  static async join(
    server: ServerAccess,
    room: string,
    identity: string,
  ): Promise<ToneParticipant> {
    const participant = new ToneParticipant();
    participant.room.on(RoomEvent.TrackSubscribed, (track) => {
      if (track.kind === TrackKind.KIND_AUDIO)
        void participant.#listen(new AudioStream(track, participantRateHz, 1));
    });
    participant.room.on(RoomEvent.DtmfReceived, (_code, digit) => participant.digits.push(digit));
    await participant.room.connect(server.url, await roomToken(server, room, identity), {
      autoSubscribe: true,
      dynacast: false,
    });
    return participant;
  }

  /** Publishes a track and plays a tone on it until it is stopped. @returns stops and unpublishes it */
  async play(frequencyHz: number): Promise<() => Promise<void>> {
    const source = new AudioSource(participantRateHz, 1);
    this.#sources.push(source);
    const track = LocalAudioTrack.createAudioTrack(`tone-${frequencyHz}`, source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    const publication = await this.room.localParticipant?.publishTrack(track, options);
    let isPlaying = true;
    const played = (async () => {
      const frameSamples = participantRateHz / 100;
      for (let at = 0; isPlaying && !this.#isLeaving; at += frameSamples) {
        const data = Int16Array.from({ length: frameSamples }, (_, i) =>
          Math.round(8_000 * Math.sin((2 * Math.PI * frequencyHz * (at + i)) / participantRateHz)),
        );
        await source.captureFrame(new AudioFrame(data, participantRateHz, 1, frameSamples));
      }
    })();
    return async () => {
      isPlaying = false;
      await played;
      if (publication?.sid !== undefined) {
        await this.room.localParticipant?.unpublishTrack(publication.sid);
      }
    };
  }

  /** Publishes a video track of black frames. */
  async showVideo(): Promise<void> {
    const source = new VideoSource(64, 64);
    const track = LocalVideoTrack.createVideoTrack('screen', source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_CAMERA });
    await this.room.localParticipant?.publishTrack(track, options);
    const pixels = new Uint8Array((64 * 64 * 3) / 2);
    source.captureFrame(new VideoFrame(pixels, 64, 64, VideoBufferType.I420));
  }

  /** Asks phones to send digits. */
  async dial(digits: string): Promise<void> {
    await this.room.localParticipant?.publishDtmf(0, digits);
  }

  /** Asks something of another participant (RPC). Rejects with LiveKit's error. */
  async ask(request: {
    readonly destinationIdentity: string;
    readonly method: string;
    readonly payload: string;
  }): Promise<string> {
    return (await this.room.localParticipant?.performRpc(request)) ?? '';
  }

  /** Ids of the tracks it has published. */
  get trackSids(): string[] {
    const publications = this.room.localParticipant?.trackPublications.values() ?? [];
    return [...publications].flatMap(({ sid }) => (sid === undefined ? [] : [sid]));
  }

  /** The last `ms` of what was heard. */
  heard(ms: number): Int16Array {
    const wanted = (participantRateHz * ms) / 1_000;
    const all = Int16Array.from(this.#heard.flatMap((frame) => [...frame]));
    return all.subarray(Math.max(0, all.length - wanted));
  }

  /** Whether the last second of what was heard is that tone. */
  hears(frequencyHz: number): boolean {
    if (this.heardMs < 1_000) return false;
    return toneShare(this.heard(1_000), frequencyHz, participantRateHz) > 0.9;
  }

  get heardMs(): number {
    return (this.#heard.reduce((sum, frame) => sum + frame.length, 0) * 1_000) / participantRateHz;
  }

  forget(): void {
    this.#heard.length = 0;
  }

  get others(): RemoteParticipant[] {
    return [...this.room.remoteParticipants.values()];
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    await this.room.disconnect();
    for (const source of this.#sources) await source.close();
  }

  async #listen(stream: AudioStream): Promise<void> {
    for await (const frame of stream) {
      if (this.#isLeaving) return;
      this.#heard.push(frame.data);
    }
  }
}
