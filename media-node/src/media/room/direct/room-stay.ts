/**
 * One stay in a room, from a join to its end: LiveKit's signalling and one WebRTC connection, in the order of the server's one-connection mode. Gather,
 * ask to join with the offer inside, take the answer, which already carries the room's audio; from then on a new offer whenever the
 * server asks for one. A stay that ends is over; direct-room.ts begins another where that helps.
 */
import { mediaLimits, roomLimits } from '@callgate/shared/limits.ts';
import {
  DisconnectReason,
  type JoinResponse,
  LeaveRequest,
  LeaveRequest_Action,
  SessionDescription,
  type SignalResponse,
  UpdateParticipantMetadata,
  UpdateSubscription,
} from '@livekit/protocol';
import type { Timer } from '../../../clock.ts';
import type { RoomAnswer, RoomEnd, RoomRequest } from '../../media-session.ts';
import { writeLevelledRtpHeader, writeRtpHeader } from '../../rtp/rtp-packet.ts';
import { roomEndOf, roomEndOfStatus } from '../end-of-room.ts';
import type { EncodedFrame, JoinOptions, RoomEvents, RoomParts, TrackCodec } from '../room.ts';
import { readPacket, writeDigit } from './data-packet.ts';
import { encodeJoinRequest, signalUrl } from './join-request.ts';
import { MissingTracks } from './missing-tracks.ts';
import { Negotiation } from './negotiation.ts';
import { receivedTracks, takesAudioLevel } from './remote-tracks.ts';
import { levelExtensionId, payloadTypes, RoomConnection } from './room-connection.ts';
import { Roster } from './roster.ts';
import { writeAck, writeAnswer, writeUnsupported } from './rpc-packet.ts';
import { SignalClient } from './signal-client.ts';
import { TrackReceiver } from './track-receiver.ts';

/** How often we offer anew for a track that the server has subscribed us to and its answer does not carry. */
const expectedOffersMax = 2;

/** Told to the server as version of the client. */
const clientVersion = '0.1.0';

/** From the end of the media to the leave message that explains it, ms. */
const leaveReasonMs = 500;

/** How a stay ended. */
export interface StayEnd {
  readonly reason: RoomEnd;
  /** The server, or the way to it, failed us: another stay may work. Else we were sent away. */
  readonly isFailure: boolean;
}

export interface StayEvents extends Omit<RoomEvents, 'onEnded'> {
  /** The server gave us a token that lives longer. */
  onToken(token: string): void;
  /** Nothing follows, but for the ends of tracks before it. Not called after `leave`. */
  onEnded(end: StayEnd): void;
}

export class RoomStay {
  readonly #events: StayEvents;
  readonly #parts: RoomParts;
  readonly #codec: TrackCodec;
  readonly #signal: SignalClient;
  readonly #connection: RoomConnection;
  readonly #negotiation: Negotiation;
  readonly #receiver: TrackReceiver;
  readonly #roster = new Roster();
  readonly #missing: MissingTracks;
  /** Video tracks that we have told the server not to send. */
  readonly #unwanted = new Set<string>();
  readonly #outgoing = Buffer.alloc(mediaLimits.rtpPacketBytesMax);
  #deadline: Timer | null = null;
  #isInRoom = false;
  #isJoined = false;
  /** Tracks that the server has subscribed us to and no section carries yet: how often we have offered for each. */
  readonly #expected = new Map<string, number>();
  #hasLevel = false;
  #ownTrackSid = '';
  #isMuted = false;
  /** Set before the server knew us. */
  #attributes: Record<string, string> = {};
  #closing: Promise<void> | null = null;

  /** @param codec of our track */
  constructor(events: StayEvents, parts: RoomParts, codec: TrackCodec) {
    this.#events = events;
    this.#parts = parts;
    this.#codec = codec;
    this.#receiver = new TrackReceiver(events);
    this.#negotiation = new Negotiation((id, sections) => this.#offer(id, sections));
    this.#missing = new MissingTracks(
      () => this.#roster.audioTracks().filter((sid) => !this.#receiver.has(sid)),
      (count) => this.#negotiation.require(count),
      parts.clock,
    );
    this.#signal = new SignalClient(
      {
        onMessage: (message) => this.#onSignal(message),
        onRefused: (status) => {
          const reason = roomEndOfStatus(status);
          const isFailure = reason === 'room-unreachable';
          this.#end({ reason, isFailure }, `HTTP status ${status}`);
        },
        onLost: (why) => this.#lose(why),
      },
      parts.clock,
      parts.tick,
    );
    this.#connection = new RoomConnection(
      {
        onUp: () => {
          this.#reportJoined();
          this.#receiver.up();
        },
        onDown: () => this.#onMediaDown(),
        onPacket: (mid, packet) => this.#receiver.packet(mid, packet),
        onData: (message) => this.#onData(message),
      },
      parts.clock,
      { bindAddress: parts.bindAddress, codec: this.#codec },
    );
  }

  join({ url, token, timeoutMs, trackName }: JoinOptions): void {
    this.#deadline = this.#parts.clock.after(timeoutMs, () => {
      const missing = this.#isInRoom ? 'the media connection' : 'the signalling';
      this.#end(
        { reason: 'room-unreachable', isFailure: true },
        `${missing} was not up after ${timeoutMs} ms`,
      );
    });
    this.#connection.offer((sdp) => {
      const track = { cid: this.#connection.trackCid, name: trackName };
      try {
        this.#signal.open(signalUrl(url, encodeJoinRequest(sdp, track, clientVersion)), token);
      } catch (error) {
        this.#end({ reason: 'room-unreachable', isFailure: false }, error);
      }
    });
  }

  send(frame: EncodedFrame, audioLevelDbov: number): void {
    if (!this.#connection.isUp || this.#isMuted || frame.codec !== this.#codec) return;
    const header = {
      marker: frame.marker,
      payloadType: payloadTypes[this.#codec],
      sequence: frame.sequence,
      timestamp: frame.timestamp,
      ssrc: this.#connection.ssrc,
    };
    const packet = this.#outgoing;
    const start = this.#hasLevel
      ? writeLevelledRtpHeader(packet, header, levelExtensionId, audioLevelDbov)
      : writeRtpHeader(packet, header);
    const end = start + frame.payload.length;
    if (end > packet.length) return;
    packet.set(frame.payload, start);
    this.#connection.send(packet.subarray(0, end));
  }

  sendDigit(digit: string): void {
    this.#connection.sendData(writeDigit(digit));
  }

  setAttributes(attributes: Readonly<Record<string, string>>): void {
    if (!this.#isInRoom) {
      this.#attributes = { ...this.#attributes, ...attributes };
      return;
    }
    this.#signal.send({
      case: 'updateMetadata',
      value: new UpdateParticipantMetadata({ attributes: { ...attributes } }),
    });
  }

  respond({ id, caller }: Pick<RoomRequest, 'id' | 'caller'>, answer: RoomAnswer): void {
    this.#connection.sendData(writeAnswer(id, caller, answer));
  }

  leave(): Promise<void> {
    if (this.#closing !== null) return this.#closing;
    this.#signal.send({
      case: 'leave',
      value: new LeaveRequest({ action: LeaveRequest_Action.DISCONNECT }),
    });
    return this.#close();
  }

  #onData(message: Uint8Array): void {
    const reading = readPacket(message);
    if (reading?.kind === 'digits') this.#events.onDigits(reading.digits);
    else if (reading?.kind === 'unsupported')
      this.#connection.sendData(writeUnsupported(reading.id, reading.caller));
    else if (reading?.kind === 'request') {
      this.#connection.sendData(writeAck(reading.request.id, reading.request.caller));
      this.#events.onRequest(reading.request);
    }
  }

  #onSignal(message: SignalResponse['message']): void {
    switch (message.case) {
      case 'join':
        return this.#onJoin(message.value);
      case 'answer':
        return this.#onAnswer(message.value);
      case 'trickle':
        return this.#onTrickle(message.value.candidateInit);
      case 'update':
        this.#receiver.end(this.#roster.update(message.value.participants));
        for (const { sid, attributes } of message.value.participants) {
          if (sid === this.#roster.ownSid) this.#events.onAttributes(attributes);
        }
        this.#missing.check();
        return this.#refuseVideo();
      case 'mediaSectionsRequirement':
        return this.#negotiation.require(message.value.numAudios);
      case 'subscriptionPermissionUpdate':
        if (message.value.allowed) this.#expectTrack(message.value.trackSid);
        return;
      case 'trackPublished':
        this.#ownTrackSid = message.value.track?.sid ?? '';
        this.#isMuted = message.value.track?.muted ?? false;
        return;
      case 'mute':
        if (message.value.sid === this.#ownTrackSid) this.#isMuted = message.value.muted;
        return;
      case 'leave':
        return this.#onLeave(message.value);
      case 'refreshToken':
        return this.#events.onToken(message.value);
      default:
      // Speakers, quality, room updates: nothing that audio depends on.
    }
  }

  #onJoin(join: JoinResponse): void {
    this.#isInRoom = true;
    this.#roster.setSelf(join.participant?.sid ?? '');
    this.#roster.update(join.otherParticipants);
    this.#signal.keepAlive(join.pingInterval * 1_000, join.pingTimeout * 1_000);
    this.#refuseVideo();
    this.#events.onAttributes(join.participant?.attributes ?? {});
    if (Object.keys(this.#attributes).length > 0) this.setAttributes(this.#attributes);
    this.#reportJoined();
  }

  #onAnswer({ sdp, id }: SessionDescription): void {
    if (!this.#negotiation.isCurrent(id)) return;
    try {
      this.#connection.answer(sdp);
    } catch (error) {
      return this.#lose(error);
    }
    this.#hasLevel = takesAudioLevel(sdp, levelExtensionId);
    const others = receivedTracks(sdp).filter(
      (track) => track.participantSid !== this.#roster.ownSid,
    );
    this.#receiver.map(others, (sid) => this.#roster.identityOf(sid));
    this.#negotiation.settle();
    this.#offerForExpected();
    this.#missing.check();
  }

  /**
   * The server has subscribed us to a track. When its answer was made a moment before, it asks for a new offer only after 150 ms (its own
   * debounce); offering at once is what lets a caller be answered without that wait.
   */
  #expectTrack(trackSid: string): void {
    if (trackSid === '' || this.#receiver.has(trackSid)) return;
    if (this.#expected.size < roomLimits.receivedTracksMax) this.#expected.set(trackSid, 0);
    this.#offerForExpected();
  }

  #offerForExpected(): void {
    if (this.#negotiation.isOutstanding) return;
    let isDue = false;
    for (const [trackSid, offers] of this.#expected) {
      if (this.#receiver.has(trackSid) || offers >= expectedOffersMax)
        this.#expected.delete(trackSid);
      else {
        this.#expected.set(trackSid, offers + 1);
        isDue = true;
      }
    }
    if (isDue) this.#negotiation.require(0);
  }

  #onTrickle(candidateInit: string): void {
    let init: unknown;
    try {
      init = JSON.parse(candidateInit);
    } catch {
      // Not a candidate; if it was the only one the join runs into its deadline.
      return;
    }
    if (typeof init !== 'object' || init === null || !('candidate' in init)) return;
    if (typeof init.candidate === 'string') this.#connection.candidate(init.candidate);
  }

  #offer(id: number, sections: number): boolean {
    const sdp = this.#connection.offerAgain(sections);
    if (sdp === null) {
      this.#parts.log('warn', 'room-tracks-full', { wanted: sections });
      return false;
    }
    this.#signal.send({ case: 'offer', value: new SessionDescription({ type: 'offer', sdp, id }) });
    return true;
  }

  /** Subscribed to everything by default, we say what a phone has no use for. */
  #refuseVideo(): void {
    const trackSids = this.#roster.videoTracks().filter((sid) => !this.#unwanted.has(sid));
    if (trackSids.length === 0) return;
    if (this.#unwanted.size > roomLimits.membersMax) this.#unwanted.clear();
    for (const sid of trackSids) this.#unwanted.add(sid);
    this.#signal.send({
      case: 'subscription',
      value: new UpdateSubscription({ trackSids, subscribe: false }),
    });
  }

  #reportJoined(): void {
    if (this.#isJoined || !this.#isInRoom || !this.#connection.isUp) return;
    this.#isJoined = true;
    this.#deadline?.cancel();
    this.#deadline = null;
    this.#events.onJoined();
  }

  /** A server that sends us away closes the media too, and its reason may come second. */
  #onMediaDown(): void {
    this.#deadline?.cancel();
    this.#deadline = this.#parts.clock.after(leaveReasonMs, () =>
      this.#lose('the media connection failed'),
    );
  }

  /** What was there is gone; what was not there yet cannot be reached. */
  #lose(why: unknown): void {
    const reason = this.#isInRoom ? 'room-lost' : 'room-unreachable';
    this.#end({ reason, isFailure: true }, why);
  }

  #onLeave(leave: LeaveRequest): void {
    const reason = roomEndOf(DisconnectReason[leave.reason]);
    this.#end({ reason, isFailure: reason === 'room-lost' }, `leave, reason ${leave.reason}`);
  }

  #end(end: StayEnd, why: unknown): void {
    if (this.#closing !== null) return;
    this.#parts.log('info', 'room-stay-ended', { reason: end.reason, why });
    void this.#close();
    this.#receiver.endAll();
    this.#events.onEnded(end);
  }

  #close(): Promise<void> {
    this.#deadline?.cancel();
    this.#missing.stop();
    this.#signal.close();
    this.#closing ??= this.#connection.close();
    return this.#closing;
  }
}
