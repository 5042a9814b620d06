/**
 * LiveKit's older way, for servers that do not know the other: after the join we offer a connection for what we send, and the server offers one for what it
 * sends. When a broken signalling is taken up again the server restarts ICE on its own.
 */
import {
  type JoinResponse,
  SessionDescription,
  type SignalResponse,
  SignalTarget,
} from '@livekit/protocol';
import type { EncodedFrame } from '../room.ts';
import { readTrickled } from './candidates.ts';
import { addTrackRequest, twoConnectionsUrl } from './join-request.ts';
import type { Traffic } from './path-watch.ts';
import { receivedTracks, takesAudioLevel } from './remote-tracks.ts';
import { levelExtensionId, RoomConnection } from './room-connection.ts';
import type {
  MediaDescriptions,
  StayMedia,
  StayMediaEvents,
  StayMediaParts,
} from './stay-media.ts';
import { SubscriberConnection } from './subscriber-connection.ts';
import { TrackSender } from './track-sender.ts';

export class TwoConnections implements StayMedia {
  readonly #events: StayMediaEvents;
  readonly #parts: StayMediaParts;
  readonly #publisher: RoomConnection;
  readonly #subscriber: SubscriberConnection;
  readonly #sender: TrackSender;
  #offer: string | null = null;
  #isPublished = false;

  constructor(events: StayMediaEvents, parts: StayMediaParts) {
    this.#events = events;
    this.#parts = parts;
    const { receiver, clock } = parts;
    const shared = {
      onReached: () => {},
      onDown: () => events.onDown(),
      onPacket: (mid: string, packet: Buffer) => receiver.packet(mid, packet),
      onData: (message: Buffer) => events.onData(message),
    };
    this.#publisher = new RoomConnection(clock, { ...parts, receivers: 0 });
    this.#publisher.listen({ ...shared, onUp: () => this.#onUp() });
    this.#subscriber = new SubscriberConnection(
      {
        ...shared,
        onUp: () => this.#onUp(),
        onFault: (error) => events.onFault(error),
      },
      parts,
      clock,
    );
    this.#sender = new TrackSender(this.#publisher, parts.codec);
  }

  get isReached(): boolean {
    return this.isUp;
  }

  get isUp(): boolean {
    return this.#publisher.isUp && this.#subscriber.isUp;
  }

  /** The new way that the server asks for then goes straight to it. */
  get canResume(): boolean {
    return this.isUp && this.#parts.relay === null;
  }

  get traffic(): Traffic {
    return this.#publisher.traffic;
  }

  get descriptions(): MediaDescriptions {
    return this.#subscriber.descriptions;
  }

  resumeUrl(serverUrl: string, participantSid: string): URL {
    return twoConnectionsUrl(serverUrl, participantSid);
  }

  prepare(onReady: (url: (serverUrl: string) => URL) => void): void {
    this.#publisher.offer((sdp) => {
      this.#offer = sdp;
      onReady((serverUrl) => twoConnectionsUrl(serverUrl));
    });
  }

  onJoin(_join: JoinResponse): void {
    const track = { cid: this.#publisher.trackCid, name: this.#parts.trackName };
    this.#parts.request({ case: 'addTrack', value: addTrackRequest(track) });
  }

  onMessage(message: SignalResponse['message']): void {
    try {
      this.#take(message);
    } catch (error) {
      this.#events.onFault(error);
    }
  }

  send(frame: EncodedFrame, audioLevelDbov: number): void {
    this.#sender.send(frame, audioLevelDbov);
  }

  sendData(message: Uint8Array): void {
    this.#publisher.sendData(message);
  }

  close(): Promise<void> {
    this.#subscriber.close();
    return this.#publisher.close();
  }

  #take(message: SignalResponse['message']): void {
    switch (message.case) {
      case 'trackPublished':
        return this.#publish();
      case 'answer':
        this.#sender.hasLevel = takesAudioLevel(message.value.sdp, levelExtensionId);
        return this.#publisher.answer(message.value.sdp);
      case 'offer':
        return this.#onOffer(message.value);
      case 'trickle': {
        const candidate = readTrickled(message.value.candidateInit);
        if (candidate === null) return;
        const isOurs = message.value.target === SignalTarget.PUBLISHER;
        (isOurs ? this.#publisher : this.#subscriber).candidate(candidate);
        return;
      }
      default:
      // Nothing of media.
    }
  }

  /** The server knows of our track: now the offer may carry it. */
  #publish(): void {
    if (this.#isPublished || this.#offer === null) return;
    this.#isPublished = true;
    const offer = new SessionDescription({ type: 'offer', sdp: this.#offer, id: 1 });
    this.#parts.request({ case: 'offer', value: offer });
  }

  #onOffer({ sdp, id }: SessionDescription): void {
    const { roster, receiver } = this.#parts;
    this.#subscriber.answer(sdp, (answer) =>
      this.#parts.request({
        case: 'answer',
        value: new SessionDescription({ type: 'answer', sdp: answer, id }),
      }),
    );
    // An offer that restarts ICE comes before the one that takes away who left meanwhile.
    const tracks = receivedTracks(sdp).filter(({ trackId }) => !roster.isGone(trackId));
    receiver.map(tracks, (sid) => roster.identityOf(sid));
  }

  #onUp(): void {
    if (!this.isUp) return;
    this.#events.onReached();
    this.#events.onUp();
    // Not before: whoever answers a phone because somebody can be heard wants the phone to be heard, too.
    this.#parts.receiver.up();
  }
}
