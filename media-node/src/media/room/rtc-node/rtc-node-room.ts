/**
 * The room port over LiveKit's own SDK: several times dearer than `direct`, but it reaches a LiveKit that can be reached only by TURN over TLS or
 * ICE over TCP. Sound crosses it as plain samples; joining again, resuming and new tokens are the SDK's.
 */
import { callLimits } from '@callgate/shared/limits.ts';
import {
  DisconnectReason,
  LocalAudioTrack,
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
  RoomEvent,
  RpcError,
  Room as SdkRoom,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import type { Timer } from '../../../clock.ts';
import {
  type RoomAnswer,
  type RoomEnd,
  type RoomRequest,
  roomMethods,
} from '../../media-session.ts';
import { codeOfDigit } from '../dtmf-digits.ts';
import { roomEndOf, roomEndOfStatus } from '../end-of-room.ts';
import type { EncodedFrame, JoinOptions, Room, RoomCodec, RoomEvents, RoomParts } from '../room.ts';
import { MicrophoneSource } from './microphone-source.ts';
import { SampleReader } from './sample-reader.ts';

export class RtcNodeRoom implements Room {
  readonly sendCodecs: readonly RoomCodec[] = ['L16'];
  readonly #events: RoomEvents;
  readonly #parts: RoomParts;
  readonly #sdk = new SdkRoom();
  readonly #readers = new Map<string, SampleReader>();
  #microphone: MicrophoneSource | null = null;
  #deadline: Timer | null = null;
  #isJoined = false;
  #isOver = false;
  /** Requests of participants that wait for our answer, by id. */
  readonly #requests = new Map<string, (answer: RoomAnswer) => void>();
  /** Set before the server knew us. */
  #attributes: Record<string, string> = {};
  #leaving: Promise<void> | null = null;

  constructor(events: RoomEvents, parts: RoomParts) {
    this.#events = events;
    this.#parts = parts;
  }

  join(options: JoinOptions): void {
    this.#deadline = this.#parts.clock.after(options.timeoutMs, () =>
      this.#end('room-unreachable', `not joined after ${options.timeoutMs} ms`),
    );
    this.#listen();
    this.#connect(options).catch((error: unknown) => {
      // The SDK has only words for what the server answered.
      const status = /\b[45]\d\d\b/.exec(error instanceof Error ? error.message : '')?.[0];
      this.#end(roomEndOfStatus(Number(status)), error);
    });
  }

  send(frame: EncodedFrame): void {
    if (frame.codec === 'L16') this.#microphone?.play(frame.payload);
  }

  sendDigit(digit: string): void {
    this.#attempt('digit', () =>
      this.#sdk.localParticipant?.publishDtmf(codeOfDigit(digit), digit),
    );
  }

  setAttributes(attributes: Readonly<Record<string, string>>): void {
    this.#attributes = { ...this.#attributes, ...attributes };
    if (!this.#isJoined || Object.keys(attributes).length === 0) return;
    this.#attempt('attributes', () => this.#sdk.localParticipant?.setAttributes({ ...attributes }));
  }

  respond({ id }: Pick<RoomRequest, 'id'>, answer: RoomAnswer): void {
    this.#requests.get(id)?.(answer);
  }

  leave(): Promise<void> {
    this.#isOver = true;
    this.#leaving ??= this.#free();
    return this.#leaving;
  }

  #listen(): void {
    this.#sdk
      .on(RoomEvent.TrackPublished, (publication) => subscribe(publication))
      .on(RoomEvent.TrackSubscribed, (track, _publication, participant) =>
        this.#onTrack(track, participant),
      )
      .on(RoomEvent.TrackUnsubscribed, (track) => this.#endTrack(track.sid ?? ''))
      .on(RoomEvent.ParticipantAttributesChanged, (_changed, { identity, attributes }) => {
        const isOurs = identity === this.#sdk.localParticipant?.identity;
        if (isOurs && this.#isJoined && !this.#isOver) this.#events.onAttributes(attributes);
      })
      .on(RoomEvent.DtmfReceived, (_code, digits) => {
        if (!this.#isOver) this.#events.onDigits(digits);
      })
      .on(RoomEvent.Disconnected, (reason) => {
        const name = DisconnectReason[reason];
        if (this.#isJoined) this.#end(roomEndOf(name), `disconnected, reason ${name}`);
      });
  }

  async #connect({ url, token, trackName }: JoinOptions): Promise<void> {
    await this.#sdk.connect(url, token, { autoSubscribe: false, dynacast: false });
    if (this.#isOver) return;
    // While a track is being published the SDK holds back every event, so nobody hears of us before.
    const microphone = new MicrophoneSource();
    this.#microphone = microphone;
    const track = LocalAudioTrack.createAudioTrack(trackName, microphone.source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE, red: false });
    await this.#sdk.localParticipant?.publishTrack(track, options);
    if (this.#isOver) return;
    this.#isJoined = true;
    this.#deadline?.cancel();
    this.#takeRequests();
    this.#events.onJoined();
    this.#events.onAttributes(this.#sdk.localParticipant?.attributes ?? {});
    for (const participant of this.#sdk.remoteParticipants.values()) {
      for (const publication of participant.trackPublications.values()) subscribe(publication);
    }
    this.setAttributes(this.#attributes);
  }

  #onTrack(track: RemoteTrack, { identity }: RemoteParticipant): void {
    const id = track.sid ?? '';
    if (this.#isOver || track.kind !== TrackKind.KIND_AUDIO || id === '' || this.#readers.has(id))
      return;
    const onFrame = (frame: EncodedFrame) => this.#events.onFrame({ id }, frame);
    try {
      this.#readers.set(id, new SampleReader(track, onFrame, this.#parts.clock));
    } catch (error) {
      // Unpublished again before we came to it.
      return this.#parts.log('info', 'room-track-gone', { why: error });
    }
    this.#events.onTrack({ id, participant: identity });
  }

  #takeRequests(): void {
    for (const method of roomMethods) {
      this.#sdk.localParticipant?.registerRpcMethod(method, async (data) => {
        const { requestId: id, callerIdentity: caller, payload } = data;
        const answer = await new Promise<RoomAnswer>((resolve) => {
          this.#requests.set(id, resolve);
          this.#events.onRequest({ id, caller, method, payload });
        });
        this.#requests.delete(id);
        if ('payload' in answer) return answer.payload;
        throw new RpcError(answer.code, answer.message);
      });
    }
  }

  #endTrack(id: string): void {
    const reader = this.#readers.get(id);
    if (reader === undefined) return;
    this.#readers.delete(id);
    reader.close();
    if (!this.#isOver) this.#events.onTrackEnded({ id });
  }

  #end(reason: RoomEnd, why: unknown): void {
    if (this.#isOver) return;
    this.#parts.log('info', 'room-ended', { reason, why });
    for (const id of this.#readers.keys()) this.#endTrack(id);
    this.#isOver = true;
    this.#leaving ??= this.#free();
    this.#events.onEnded(reason);
  }

  /** The SDK takes its time to leave a room that it has not reached yet. */
  async #free(): Promise<void> {
    this.#deadline?.cancel();
    for (const reader of this.#readers.values()) reader.close();
    this.#readers.clear();
    let timer: Timer | null = null;
    const late = new Promise<void>((resolve) => {
      timer = this.#parts.clock.after(callLimits.closeMs, resolve);
    });
    const left = this.#sdk
      .disconnect()
      .then(() => this.#microphone?.close())
      .catch((error: unknown) => this.#parts.log('warn', 'room-leave-failed', { why: error }));
    await Promise.race([left, late]);
    (timer as Timer | null)?.cancel();
  }

  /** What the room may lose without harm to the call. */
  #attempt(what: string, work: () => Promise<unknown> | undefined): void {
    work()?.catch((error: unknown) => {
      if (!this.#isOver) this.#parts.log('warn', 'room-request-failed', { what, why: error });
    });
  }
}

/** A phone has no use for video. */
function subscribe(publication: RemoteTrackPublication): void {
  if (publication.kind === TrackKind.KIND_AUDIO) publication.setSubscribed(true);
}
