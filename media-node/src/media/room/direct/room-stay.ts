/**
 * One stay in a room, from a join to its end: LiveKit's signalling, and the WebRTC connections behind it in the way that the server knows. When only the
 * signalling breaks it is taken up again while the audio goes on. A stay that ends is over; direct-room.ts begins another where that helps.
 */
import { roomLimits } from '@callgate/shared/limits.ts';
import {
  DisconnectReason,
  type JoinResponse,
  LeaveRequest,
  LeaveRequest_Action,
  type SignalRequest,
  type SignalResponse,
  UpdateParticipantMetadata,
  UpdateSubscription,
} from '@livekit/protocol';
import type { Timer } from '../../../clock.ts';
import type { RoomAnswer, RoomEnd, RoomRequest } from '../../media-session.ts';
import { roomEndOf, roomEndOfStatus } from '../end-of-room.ts';
import type { EncodedFrame, JoinOptions, RoomEvents, RoomParts, TrackCodec } from '../room.ts';
import { readPacket, writeDigit } from './data-packet.ts';
import { OneConnection } from './one-connection.ts';
import { OwnAttributes } from './own-attributes.ts';
import { OwnTrack } from './own-track.ts';
import { PathWatch } from './path-watch.ts';
import { Resumption } from './resumption.ts';
import { Roster } from './roster.ts';
import { writeAck, writeAnswer, writeUnsupported } from './rpc-packet.ts';
import { SignalClient } from './signal-client.ts';
import type { Spares } from './spares.ts';
import type { StayMedia } from './stay-media.ts';
import { TrackReceiver } from './track-receiver.ts';
import { type TurnServer, turnServersOf } from './turn-servers.ts';
import { TwoConnections } from './two-connections.ts';

/** From the end of the media to the leave message that explains it, ms. */
const leaveReasonMs = 500;

/** How a stay is made; all of it may have been learnt from the one before. */
export interface StayOptions extends JoinOptions {
  /** Of our track. */
  readonly codec: TrackCodec;
  /** The server does not know the one-connection mode. */
  readonly needsTwoConnections: boolean;
  /** Relays that every packet goes through; null: straight to the server. */
  readonly relay: readonly TurnServer[] | null;
  /** What lies ready for joins; null: nothing does. */
  readonly spares: Spares | null;
}

/** How a stay ended. */
export interface StayEnd {
  readonly reason: RoomEnd;
  /** The server, or the way to it, failed us: another stay may work. Else we were sent away. */
  readonly isFailure: boolean;
  /** When what ended the stay began, ms on the monotonic clock. */
  readonly sinceMono: number;
  /** What the next stay should do otherwise. */
  readonly advice?: StayAdvice;
}

export type StayAdvice =
  | { readonly kind: 'two-connections' }
  | { readonly kind: 'relay'; readonly servers: readonly TurnServer[] }
  /** The server sends us to another of its sites. */
  | { readonly kind: 'region'; readonly url: string };

export interface StayEvents extends Omit<RoomEvents, 'onEnded'> {
  /** The server gave us a token that lives longer. */
  onToken(token: string): void;
  /** Nothing follows, but for the ends of tracks before it. Not called after `leave`. */
  onEnded(end: StayEnd): void;
}

export class RoomStay {
  readonly #events: StayEvents;
  readonly #parts: RoomParts;
  readonly #options: StayOptions;
  readonly #media: StayMedia;
  readonly #receiver: TrackReceiver;
  readonly #roster = new Roster();
  readonly #ownAttributes = new OwnAttributes();
  readonly #ownTrack = new OwnTrack();
  readonly #resumption: Resumption;
  /** Video tracks that we have told the server not to send. */
  readonly #unwanted = new Set<string>();
  #signal: SignalClient;
  #token: string;
  #deadline: Timer | null = null;
  #relayTimer: Timer | null = null;
  #stopWatch: (() => void) | null = null;
  #isInRoom = false;
  #isJoined = false;
  #pingMs = { interval: 0, timeout: 0 };
  /** Made while the signalling was away, so the server waits for it as we wait for its answer; null: none. */
  #heldOffer: SignalRequest['message'] | null = null;
  #closing: Promise<void> | null = null;

  constructor(events: StayEvents, parts: RoomParts, options: StayOptions) {
    this.#events = events;
    this.#parts = parts;
    this.#options = options;
    this.#token = options.token;
    this.#receiver = new TrackReceiver(events);
    this.#signal = this.#newSignal();
    this.#resumption = new Resumption(parts.clock, {
      open: (url, token) => {
        const signal = this.#newSignal();
        signal.open(url, token);
        return signal;
      },
      onResumed: (signal, first) => this.#onResumed(signal, first),
      onFailed: (why) => this.#lose(why),
    });
    const Media = options.needsTwoConnections ? TwoConnections : OneConnection;
    this.#media = new Media(
      {
        onReached: () => this.#reportJoined(),
        onUp: () => this.#onMediaUp(),
        onSubscribed: () => {
          if (this.#isJoined) this.#events.onSubscribed();
        },
        onDown: () => this.#onMediaDown(),
        onFault: (error) => this.#lose(error),
        onData: (message) => this.#onData(message),
      },
      {
        ...parts,
        ...options,
        roster: this.#roster,
        receiver: this.#receiver,
        request: (message) => this.#request(message),
      },
    );
  }

  join(): void {
    const { url, token, timeoutMs } = this.#options;
    this.#deadline = this.#parts.clock.after(timeoutMs, () => {
      const missing = this.#isInRoom ? 'the media connection' : 'the signalling';
      this.#lose(`${missing} was not up after ${timeoutMs} ms`);
    });
    this.#media.prepare((signalUrl) => {
      try {
        this.#signal.open(signalUrl(url), token);
      } catch (error) {
        this.#end('room-unreachable', false, error);
      }
    });
  }

  send(frame: EncodedFrame, audioLevelDbov: number): void {
    if (!this.#ownTrack.isMuted) this.#media.send(frame, audioLevelDbov);
  }

  sendDigit(digit: string): void {
    this.#media.sendData(writeDigit(digit));
  }

  setAttributes(attributes: Readonly<Record<string, string>>): void {
    this.#ownAttributes.set(attributes);
    if (this.#isInRoom && !this.#resumption.isRunning) this.#sendAttributes(attributes);
  }

  respond({ id, caller }: Pick<RoomRequest, 'id' | 'caller'>, answer: RoomAnswer): void {
    this.#media.sendData(writeAnswer(id, caller, answer));
  }

  leave(): Promise<void> {
    if (this.#closing !== null) return this.#closing;
    this.#request({
      case: 'leave',
      value: new LeaveRequest({ action: LeaveRequest_Action.DISCONNECT }),
    });
    return this.#close();
  }

  #newSignal(): SignalClient {
    const isResuming = () => this.#resumption.isOurs(signal);
    const signal: SignalClient = new SignalClient(
      {
        onMessage: (message) =>
          isResuming() ? this.#resumption.onMessage(message) : this.#onSignal(message),
        onRefused: (status) =>
          isResuming() ? this.#resumption.onRefused(status) : this.#onRefused(status),
        onLost: (why) => (isResuming() ? this.#resumption.onLost() : this.#onSignalLost(why)),
      },
      this.#parts.clock,
      this.#parts.tick,
      this.#options.spares?.sockets ?? null,
    );
    return signal;
  }

  #request(message: SignalRequest['message']): void {
    if (message.case === 'offer' && this.#resumption.isRunning) this.#heldOffer = message;
    else this.#signal.send(message);
  }

  #onData(message: Uint8Array): void {
    const reading = readPacket(message);
    if (reading === null) return;
    if (reading.kind === 'digits') return this.#events.onDigits(reading.digits);
    const { id, caller } = reading.kind === 'request' ? reading.request : reading;
    // Who asks waits for this first, and takes no notice of an answer before it.
    this.#media.sendData(writeAck(id, caller));
    if (reading.kind === 'request') this.#events.onRequest(reading.request);
    else this.#media.sendData(writeUnsupported(id, caller));
  }

  #onSignal(message: SignalResponse['message']): void {
    switch (message.case) {
      case 'join':
        this.#onJoin(message.value);
        break;
      case 'update':
        this.#receiver.end(this.#roster.update(message.value.participants));
        for (const { sid, attributes } of message.value.participants) {
          if (sid === this.#roster.ownSid) this.#onAttributes(attributes);
        }
        this.#refuseVideo();
        break;
      case 'trackPublished':
        this.#ownTrack.published(message.value);
        break;
      case 'mute':
        this.#ownTrack.mute(message.value);
        break;
      case 'leave':
        return this.#onLeave(message.value);
      case 'refreshToken':
        this.#token = message.value;
        return this.#events.onToken(message.value);
      default:
      // Speakers, quality, room updates: nothing that audio depends on.
    }
    this.#media.onMessage(message);
  }

  #onJoin(join: JoinResponse): void {
    this.#isInRoom = true;
    this.#roster.setSelf(join.participant?.sid ?? '');
    this.#roster.update(join.otherParticipants);
    this.#pingMs = { interval: join.pingInterval * 1_000, timeout: join.pingTimeout * 1_000 };
    this.#signal.keepAlive(this.#pingMs.interval, this.#pingMs.timeout);
    this.#watchForRelay(turnServersOf(join.iceServers));
    this.#media.onJoin(join);
    this.#refuseVideo();
    this.#onAttributes(join.participant?.attributes ?? {});
    this.#sendUnconfirmedAttributes();
    this.#reportJoined();
    this.#onMediaUp();
  }

  #onAttributes(attributes: Readonly<Record<string, string>>): void {
    this.#ownAttributes.confirm(attributes);
    this.#events.onAttributes(attributes);
  }

  #sendUnconfirmedAttributes(): void {
    const attributes = this.#ownAttributes.unconfirmed;
    if (attributes !== null) this.#sendAttributes(attributes);
  }

  #sendAttributes(attributes: Readonly<Record<string, string>>): void {
    this.#request({
      case: 'updateMetadata',
      value: new UpdateParticipantMetadata({ attributes: { ...attributes } }),
    });
  }

  /** When nothing goes straight to the server, and it has a relay, another stay shall go through that. */
  #watchForRelay(servers: readonly TurnServer[]): void {
    if (servers.length === 0 || this.#options.relay !== null || this.#media.isUp) return;
    this.#relayTimer = this.#parts.clock.after(roomLimits.directMs, () => {
      if (!this.#media.isUp)
        this.#end('room-lost', true, 'media does not go straight', { kind: 'relay', servers });
    });
  }

  /** Subscribed to everything by default, we say what a phone has no use for. */
  #refuseVideo(): void {
    const trackSids = this.#roster.videoTracks().filter((sid) => !this.#unwanted.has(sid));
    if (trackSids.length === 0) return;
    if (this.#unwanted.size > roomLimits.membersMax) this.#unwanted.clear();
    for (const sid of trackSids) this.#unwanted.add(sid);
    this.#request({
      case: 'subscription',
      value: new UpdateSubscription({ trackSids, subscribe: false }),
    });
  }

  /** Once the server is in reach, not when the keys are made: the call is answered sooner by that, and its first packet comes no later. */
  #reportJoined(): void {
    if (this.#isJoined || !this.#isInRoom || !this.#media.isReached) return;
    this.#isJoined = true;
    this.#events.onJoined();
  }

  /** The join has met its time limit. */
  #onMediaUp(): void {
    if (!this.#isInRoom || !this.#media.isUp) return;
    this.#deadline?.cancel();
    this.#deadline = null;
    this.#relayTimer?.cancel();
    const watch = new PathWatch();
    this.#stopWatch ??= this.#parts.tick.everySecond(() => {
      if (watch.second(this.#media.traffic)) this.#lose('nothing comes back from the media port');
    });
  }

  #onRefused(status: number): void {
    const reason = roomEndOfStatus(status);
    // Who does not know the path does not know the mode.
    const isOld = status === 404 && !this.#options.needsTwoConnections;
    const advice = isOld ? ({ kind: 'two-connections' } as const) : undefined;
    this.#end(reason, isOld || reason === 'room-unreachable', `HTTP status ${status}`, advice);
  }

  #onSignalLost(why: string): void {
    if (!this.#isJoined || !this.#media.canResume) return this.#lose(why);
    this.#parts.log('info', 'room-signalling-lost', { why });
    const url = this.#media.resumeUrl(this.#options.url, this.#roster.ownSid);
    this.#resumption.start(url, () => this.#token);
  }

  #onResumed(signal: SignalClient, first: SignalResponse['message']): void {
    this.#signal = signal;
    this.#parts.log('info', 'room-resumed', { away_ms: this.#resumption.awayMs });
    signal.keepAlive(this.#pingMs.interval, this.#pingMs.timeout);
    this.#request({ case: 'syncState', value: this.#ownTrack.syncState(this.#media.descriptions) });
    this.#sendUnconfirmedAttributes();
    if (this.#heldOffer !== null) this.#request(this.#heldOffer);
    this.#heldOffer = null;
    this.#onSignal(first);
  }

  /** A server that sends us away closes the media too, and its reason may come second. */
  #onMediaDown(): void {
    if (this.#resumption.isRunning) return this.#lose('the media connection failed, too');
    this.#deadline?.cancel();
    this.#deadline = this.#parts.clock.after(leaveReasonMs, () =>
      this.#lose('the media connection failed'),
    );
  }

  /** What was there is gone; what was not there yet cannot be reached. */
  #lose(why: unknown): void {
    this.#end(this.#isInRoom ? 'room-lost' : 'room-unreachable', true, why);
  }

  #onLeave({ action, reason: sentReason, regions }: LeaveRequest): void {
    const reason = roomEndOf(DisconnectReason[sentReason]);
    const why = `leave, reason ${DisconnectReason[sentReason]}`;
    // The server's end of the media has failed: only new connections find a new way.
    const isMediaLost = sentReason === DisconnectReason.CONNECTION_TIMEOUT;
    if (reason === 'room-lost' && action === LeaveRequest_Action.RESUME && !isMediaLost) {
      this.#signal.close();
      return this.#onSignalLost(why);
    }
    const region = regions?.regions.find(({ url }) => url !== '' && url !== this.#options.url);
    const advice = region === undefined ? undefined : { kind: 'region' as const, url: region.url };
    this.#end(reason, reason === 'room-lost', why, advice);
  }

  #end(reason: RoomEnd, isFailure: boolean, why: unknown, advice?: StayAdvice): void {
    if (this.#closing !== null) return;
    this.#parts.log('info', 'room-stay-ended', { reason, why });
    const sinceMono = this.#resumption.lostAtMono ?? this.#parts.clock.nowMono();
    void this.#close();
    this.#receiver.endAll();
    const end = { reason, isFailure, sinceMono };
    this.#events.onEnded(advice === undefined ? end : { ...end, advice });
  }

  #close(): Promise<void> {
    this.#deadline?.cancel();
    this.#relayTimer?.cancel();
    this.#stopWatch?.();
    this.#resumption.stop();
    this.#signal.close();
    this.#closing ??= this.#media.close();
    return this.#closing;
  }
}
