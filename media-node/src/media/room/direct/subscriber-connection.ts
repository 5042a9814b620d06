/**
 * The connection on which a server of the two-connection mode sends: it offers, we answer. Every native object is held as long as it is in use and closed
 * one by one, as in room-connection.ts.
 */
import { roomLimits } from '@callgate/shared/limits.ts';
import type { DataChannel, PeerConnection, Track } from 'node-datachannel';
import { isUsableCandidate, withUsableCandidates } from './candidates.ts';
import { createPeer, type PeerOptions, PeerState } from './peer.ts';
import { withPhoneCodecs } from './phone-codecs.ts';
import type { ConnectionEvents } from './room-connection.ts';

/** LiveKit has three kinds of channels. */
const channelsMax = 8;
/** Candidates kept until the first offer comes. */
const candidatesMax = 32;

export class SubscriberConnection {
  readonly #events: ConnectionEvents;
  readonly #bindAddress: string | null;
  readonly #peer: PeerConnection;
  readonly #tracks = new Map<string, Track>();
  readonly #channels: DataChannel[] = [];
  #candidates: string[] = [];
  readonly #state: PeerState;
  #hasOffer = false;
  /** Takes our answer once every local candidate is in it. */
  #onGathered: (() => void) | null = null;

  constructor(events: ConnectionEvents, options: PeerOptions) {
    this.#events = events;
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

  /** Answers an offer; the first answer waits for our candidates. @throws when the SDP is not acceptable */
  answer(offerSdp: string, onAnswer: (sdp: string) => void): void {
    const usable = withUsableCandidates(withPhoneCodecs(offerSdp), this.#bindAddress);
    this.#peer.setRemoteDescription(usable, 'offer');
    const tell = () => {
      this.#onGathered = null;
      if (!this.#state.isClosing) onAnswer(this.#peer.localDescription()?.sdp ?? '');
    };
    const isFirst = !this.#hasOffer;
    this.#hasOffer = true;
    if (isFirst) this.#onGathered = tell;
    this.#peer.setLocalDescription('answer');
    if (!isFirst) tell();
    for (const candidate of this.#candidates.splice(0)) this.#addCandidate(candidate);
  }

  candidate(candidate: string): void {
    if (this.#hasOffer) this.#addCandidate(candidate);
    else if (this.#candidates.length < candidatesMax) this.#candidates.push(candidate);
  }

  close(): void {
    if (!this.#state.close()) return;
    for (const channel of this.#channels) channel.close();
    for (const track of this.#tracks.values()) track.close();
    this.#tracks.clear();
    this.#peer.close();
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
