/**
 * The connection on which a server of the two-connection mode sends: it offers, we answer. Every native object is held as long as it is in use and closed
 * one by one, as in room-connection.ts.
 */
import { roomLimits } from '@callgate/shared/limits.ts';
import type { DataChannel, PeerConnection, Track } from 'node-datachannel';
import type { Clock } from '../../../clock.ts';
import { isUsableCandidate, withUsableCandidates } from './candidates.ts';
import { IceRestarts } from './ice/ice-restarts.ts';
import { createPeer, type PeerOptions, PeerState } from './peer.ts';
import { withPhoneCodecs } from './phone-codecs.ts';
import type { ConnectionEvents } from './room-connection.ts';

/** LiveKit has three kinds of channels. */
const channelsMax = 8;
/** Candidates kept until the first offer comes. */
const candidatesMax = 32;

export interface SubscriberEvents extends ConnectionEvents {
  /** The server's wish cannot be met: the connection is lost. */
  onFault(error: unknown): void;
}

export class SubscriberConnection {
  readonly #events: SubscriberEvents;
  readonly #bindAddress: string | null;
  readonly #peer: PeerConnection;
  readonly #tracks = new Map<string, Track>();
  readonly #channels: DataChannel[] = [];
  #candidates: string[] = [];
  readonly #state: PeerState;
  readonly #ice: IceRestarts;
  #hasOffer = false;
  #localSdp = '';
  #remoteSdp = '';
  /** Takes our answer once every local candidate is in it. */
  #onGathered: (() => void) | null = null;

  constructor(events: SubscriberEvents, options: PeerOptions, clock: Clock) {
    this.#events = events;
    this.#ice = new IceRestarts(clock, options.bindAddress, (error) => events.onFault(error));
    this.#state = new PeerState(events);
    this.#bindAddress = options.bindAddress;
    this.#peer = createPeer(options);
    this.#peer.onStateChange((state) => this.#state.become(state));
    this.#peer.onGatheringStateChange((state) => {
      if (state === 'complete') this.#onGathered?.();
    });
    this.#peer.onTrack((track) => this.#onTrack(track));
    this.#peer.onDataChannel((channel) => this.#onChannel(channel));
  }

  get isUp(): boolean {
    return this.#state.isUp;
  }

  /** The last offer, and what we answered: a server that takes us up again is told of both. */
  get descriptions(): { readonly offer: string; readonly answer: string } {
    return { offer: this.#remoteSdp, answer: this.#localSdp };
  }

  /** Answers an offer; the first answer waits for our candidates, and one to an ICE restart for a new way. */
  answer(offerSdp: string, onAnswer: (sdp: string) => void): void {
    const take = () => {
      try {
        this.#take(offerSdp, onAnswer);
      } catch (error) {
        this.#events.onFault(error);
      }
    };
    if (!this.#ice.isRestart(offerSdp)) return take();
    const { sdp = '' } = this.#peer.localDescription() ?? {};
    this.#ice.restart(offerSdp, sdp).then(take, (error: unknown) => {
      if (!this.#state.isClosing) this.#events.onFault(error);
    });
  }

  candidate(candidate: string): void {
    if (this.#ice.candidate(candidate)) return;
    if (this.#hasOffer) this.#addCandidate(candidate);
    else if (this.#candidates.length < candidatesMax) this.#candidates.push(candidate);
  }

  close(): void {
    if (!this.#state.close()) return;
    this.#ice.close();
    for (const channel of this.#channels) channel.close();
    for (const track of this.#tracks.values()) track.close();
    this.#tracks.clear();
    this.#peer.close();
  }

  /** @throws when the SDP is not acceptable */
  #take(offerSdp: string, onAnswer: (sdp: string) => void): void {
    if (this.#state.isClosing) return;
    const offer = withUsableCandidates(withPhoneCodecs(offerSdp), this.#bindAddress);
    this.#peer.setRemoteDescription(this.#ice.forLibrary(offer), 'offer');
    const tell = () => {
      this.#onGathered = null;
      if (this.#state.isClosing) return;
      this.#remoteSdp = offerSdp;
      this.#localSdp = this.#ice.forServer(this.#peer.localDescription()?.sdp ?? '');
      onAnswer(this.#localSdp);
    };
    const isFirst = !this.#hasOffer;
    this.#hasOffer = true;
    if (isFirst) this.#onGathered = tell;
    this.#peer.setLocalDescription('answer');
    if (!isFirst) tell();
    for (const candidate of this.#candidates.splice(0)) this.#addCandidate(candidate);
  }

  #onTrack(track: Track): void {
    const mid = track.mid();
    if (this.#tracks.size >= roomLimits.receivedTracksMax && !this.#tracks.has(mid))
      return track.close();
    this.#tracks.set(mid, track);
    track.onMessage((packet) => {
      // They pass before the data channels do, which the connection waits for to be `connected`.
      this.#state.rise();
      if (!this.#state.isClosing) this.#events.onPacket(mid, packet);
    });
  }

  #onChannel(channel: DataChannel): void {
    if (this.#channels.length >= channelsMax) return channel.close();
    this.#channels.push(channel);
    channel.onMessage((message) => {
      if (!this.#state.isClosing && Buffer.isBuffer(message)) this.#events.onData(message);
    });
  }

  #addCandidate(candidate: string): void {
    if (!isUsableCandidate(candidate, this.#bindAddress)) return;
    try {
      this.#peer.addRemoteCandidate(candidate, '0');
    } catch {
      // One candidate that cannot be read leaves the others.
    }
  }
}
