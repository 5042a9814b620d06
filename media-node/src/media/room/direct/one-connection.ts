/**
 * LiveKit's one-connection mode: our offer travels in the join request, the answer already carries the room's audio; from then on a new offer whenever
 * the server asks for one.
 */
import { roomLimits } from '@callgate/shared/limits.ts';
import { SessionDescription, type SignalResponse } from '@livekit/protocol';
import type { EncodedFrame } from '../room.ts';
import { readTrickled } from './candidates.ts';
import { HeldAnswer } from './held-answer.ts';
import { encodeJoinRequest, encodeResumeRequest, oneConnectionUrl } from './join-request.ts';
import { MissingTracks } from './missing-tracks.ts';
import { Negotiation } from './negotiation.ts';
import type { Traffic } from './path-watch.ts';
import { receivedTracks, takesAudioLevel } from './remote-tracks.ts';
import { levelExtensionId, RoomConnection } from './room-connection.ts';
import type {
  MediaDescriptions,
  StayMedia,
  StayMediaEvents,
  StayMediaParts,
} from './stay-media.ts';
import { TrackSender } from './track-sender.ts';

/** How often we offer anew for a track that the server has subscribed us to and its answer does not carry. */
const expectedOffersMax = 2;

export class OneConnection implements StayMedia {
  readonly #events: StayMediaEvents;
  readonly #parts: StayMediaParts;
  readonly #connection: RoomConnection;
  readonly #sender: TrackSender;
  readonly #negotiation: Negotiation;
  readonly #missing: MissingTracks;
  readonly #firstAnswer: HeldAnswer<SessionDescription>;
  /** Tracks that the server has subscribed us to and no section carries yet: how often we have offered for each. */
  readonly #expected = new Map<string, number>();

  constructor(events: StayMediaEvents, parts: StayMediaParts) {
    this.#events = events;
    this.#parts = parts;
    const { roster, receiver, clock } = parts;
    this.#negotiation = new Negotiation((id, sections) => this.#offer(id, sections));
    this.#missing = new MissingTracks(
      () => roster.audioTracks().filter((sid) => !receiver.has(sid)),
      (count) => this.#negotiation.require(count),
      clock,
    );
    const options = {
      codec: parts.codec,
      bindAddress: parts.bindAddress,
      relay: parts.relay,
      receivers: roomLimits.receivedTracksFirst,
    };
    this.#connection =
      parts.spares?.connections.take(options) ?? new RoomConnection(clock, options);
    this.#connection.listen({
      onReached: () => {
        events.onReached();
        this.#tellSubscribed();
      },
      onUp: () => {
        events.onUp();
        receiver.up();
      },
      onDown: () => events.onDown(),
      onPacket: (mid, packet) => receiver.packet(mid, packet),
      onData: (message) => events.onData(message),
    });
    this.#firstAnswer = new HeldAnswer((answer) => this.#onAnswer(answer), clock);
    this.#sender = new TrackSender(this.#connection, parts.codec);
  }

  get isReached(): boolean {
    return this.#connection.isReached;
  }

  get isUp(): boolean {
    return this.#connection.isUp;
  }

  /** An offer whose answer may have been lost with the signalling cannot be taken back. */
  get canResume(): boolean {
    return this.isUp && !this.#negotiation.isOutstanding;
  }

  get traffic(): Traffic {
    return this.#connection.traffic;
  }

  get descriptions(): MediaDescriptions {
    return this.#connection.descriptions;
  }

  resumeUrl(serverUrl: string, participantSid: string): URL {
    return oneConnectionUrl(serverUrl, encodeResumeRequest(participantSid));
  }

  prepare(onReady: (url: (serverUrl: string) => URL) => void): void {
    this.#connection.offer((sdp) => {
      const track = { cid: this.#connection.trackCid, name: this.#parts.trackName };
      onReady((serverUrl) => oneConnectionUrl(serverUrl, encodeJoinRequest(sdp, track)));
    });
  }

  onJoin(): void {}

  onMessage(message: SignalResponse['message']): void {
    switch (message.case) {
      case 'answer':
        return this.#firstAnswer.answer(message.value);
      case 'trickle': {
        const candidate = readTrickled(message.value.candidateInit);
        if (candidate !== null && this.#connection.candidate(candidate))
          this.#firstAnswer.candidate();
        return;
      }
      case 'update':
        // The server tells of tracks and of subscriptions in two threads: either may be first.
        if (this.#expected.size > 0) this.#tellSubscribed();
        return this.#missing.check();
      case 'mediaSectionsRequirement':
        return this.#negotiation.require(message.value.numAudios);
      case 'subscriptionPermissionUpdate':
        if (message.value.allowed) this.#expectTrack(message.value.trackSid);
        return;
      default:
      // Nothing of media.
    }
  }

  send(frame: EncodedFrame, audioLevelDbov: number): void {
    this.#sender.send(frame, audioLevelDbov);
  }

  sendData(message: Uint8Array): void {
    this.#connection.sendData(message);
  }

  close(): Promise<void> {
    this.#missing.stop();
    this.#firstAnswer.stop();
    return this.#connection.close();
  }

  #onAnswer({ sdp, id }: SessionDescription): void {
    if (!this.#negotiation.isCurrent(id)) return;
    try {
      this.#connection.answer(sdp);
    } catch (error) {
      return this.#events.onFault(error);
    }
    const { roster, receiver } = this.#parts;
    this.#sender.hasLevel = takesAudioLevel(sdp, levelExtensionId);
    const others = receivedTracks(sdp).filter((track) => track.participantSid !== roster.ownSid);
    receiver.map(others, (sid) => roster.identityOf(sid));
    this.#negotiation.settle();
    this.#tellSubscribed();
    this.#offerForExpected();
    this.#missing.check();
  }

  /**
   * The server has subscribed us to a track. When its answer was made a moment before, it asks for a new offer only after 150 ms (its own
   * debounce); offering at once is what lets a caller be answered without that wait.
   */
  #expectTrack(trackSid: string): void {
    if (trackSid === '' || this.#parts.receiver.has(trackSid)) return;
    if (this.#expected.size < roomLimits.receivedTracksMax) this.#expected.set(trackSid, 0);
    this.#tellSubscribed();
    this.#offerForExpected();
  }

  #tellSubscribed(): void {
    const { roster, receiver } = this.#parts;
    const isSubscribed = (sid: string) => receiver.has(sid) || this.#expected.has(sid);
    if (this.isReached && roster.audioTracks().some(isSubscribed)) this.#events.onSubscribed();
  }

  #offerForExpected(): void {
    if (this.#negotiation.isOutstanding) return;
    let isDue = false;
    for (const [trackSid, offers] of this.#expected) {
      if (this.#parts.receiver.has(trackSid) || offers >= expectedOffersMax)
        this.#expected.delete(trackSid);
      else {
        this.#expected.set(trackSid, offers + 1);
        isDue = true;
      }
    }
    if (isDue) this.#negotiation.require(0);
  }

  #offer(id: number, sections: number): boolean {
    const sdp = this.#connection.offerAgain(sections);
    if (sdp === null) {
      this.#parts.log('warn', 'room-tracks-full', { wanted: sections });
      return false;
    }
    const offer = new SessionDescription({ type: 'offer', sdp, id });
    this.#parts.request({ case: 'offer', value: offer });
    return true;
  }
}
