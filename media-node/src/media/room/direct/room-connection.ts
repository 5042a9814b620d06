/**
 * The WebRTC connection of one participant: one audio track out, receive sections for others, the two data channels that LiveKit expects. Every native
 * object is held here as long as it is in use (a collected track goes silent without a word) and closed one by one at
 * the end (a connection closed alone keeps tens of kilobytes).
 */
import { randomInt, randomUUID } from 'node:crypto';
import { callLimits, roomLimits } from '@callgate/shared/limits.ts';
import { Audio, type DataChannel, type PeerConnection, type Track } from 'node-datachannel';
import type { Clock } from '../../../clock.ts';
import type { TrackCodec } from '../room.ts';
import { isUsableCandidate, withUsableCandidates } from './candidates.ts';
import { DataSender } from './data-sender.ts';
import type { Traffic } from './path-watch.ts';
import { createPeer, type PeerOptions, PeerState, type PeerStateEvents } from './peer.ts';

/** Payload types in our offers. PCMU and PCMA have theirs from RFC 3551 §6. */
export const payloadTypes = { opus: 111, PCMU: 0, PCMA: 8 } as const;

/** The id of the audio level extension in our offers. */
export const levelExtensionId = 1;

export interface ConnectionEvents extends PeerStateEvents {
  /** A datagram of the receive section `mid`, RTP or RTCP; valid during the call. */
  onPacket(mid: string, packet: Buffer): void;
  /** A message of a data channel. */
  onData(message: Buffer): void;
}

export interface ConnectionOptions extends PeerOptions {
  /** What our track is. */
  readonly codec: TrackCodec;
  /** Receive sections in the first offer. */
  readonly receivers: number;
}

export class RoomConnection {
  /** Identifies our track: `cid` of its publication and track id in its msid. */
  readonly trackCid: string = `TR_${randomUUID()}`;
  readonly ssrc: number = randomInt(1, 2 ** 32 - 1);
  #events: ConnectionEvents | null = null;
  readonly #clock: Clock;
  readonly #bindAddress: string | null;
  readonly #peer: PeerConnection;
  readonly #sender: Track;
  readonly #receivers = new Map<string, Track>();
  readonly #channels: DataChannel[] = [];
  readonly #data: DataSender;
  /** Remote candidates that came before the answer. */
  #candidates: string[] = [];
  readonly #state: PeerState;
  #sent = 0;
  #heard = 0;
  #hasAnswer = false;
  /** The first offer with every local candidate in it; null: not yet. */
  #offer: string | null = null;
  #onOffer: ((sdp: string) => void) | null = null;
  /** The native connection is gone. */
  #isGone = false;
  #onGone: (() => void) | null = null;

  constructor(clock: Clock, options: ConnectionOptions) {
    this.#state = new PeerState({
      onReached: () => this.#events?.onReached(),
      onUp: () => this.#events?.onUp(),
      onDown: () => this.#events?.onDown(),
    });
    this.#clock = clock;
    this.#bindAddress = options.bindAddress;
    this.#peer = createPeer(options);
    this.#peer.onStateChange((state) => this.#onState(state));
    this.#sender = this.#peer.addTrack(this.#sendSection(options.codec));
    // The server's reports of what it has of our track.
    this.#sender.onMessage(() => {
      this.#heard++;
    });
    for (let i = 0; i < options.receivers; i++) this.#addReceiver();
    this.#data = new DataSender(this.#hold(this.#peer.createDataChannel('_reliable', {})));
    this.#hold(this.#peer.createDataChannel('_lossy', { unordered: true, maxRetransmits: 0 }));
    // A server may open channels of its own for what it sends.
    this.#peer.onDataChannel((channel) => {
      if (this.#channels.length < channelsMax) this.#hold(channel);
      else channel.close();
    });
    this.#makeOffer();
  }

  /** Who hears of it from now on. Call before the answer. */
  listen(events: ConnectionEvents): void {
    this.#events = events;
  }

  /**
   * The first offer, with every local candidate in it: trickled ones would reach the server after its first checks.
   * @param onOffer called once with the SDP, at once when it is made, unless the connection is closed before
   */
  offer(onOffer: (sdp: string) => void): void {
    if (this.#offer === null) this.#onOffer = onOffer;
    else onOffer(this.#offer);
  }

  /**
   * Makes another offer, with so many more receive sections than before.
   * @returns its SDP; null: that many cannot be added
   */
  offerAgain(sections: number): string | null {
    if (this.#receivers.size + sections > roomLimits.receivedTracksMax) return null;
    for (let added = 0; added < sections; added++) this.#addReceiver();
    this.#peer.setLocalDescription('offer');
    return this.#peer.localDescription()?.sdp ?? null;
  }

  /** @throws when the SDP is not acceptable */
  answer(sdp: string): void {
    this.#peer.setRemoteDescription(withUsableCandidates(sdp, this.#bindAddress), 'answer');
    const isFirst = !this.#hasAnswer;
    this.#hasAnswer = true;
    for (const candidate of this.#candidates.splice(0)) this.#addCandidate(candidate);
    const progress = {
      iceState: () => this.#peer.iceState(),
      isOpen: () => this.#sender.isOpen(),
    };
    if (isFirst) this.#state.watch(progress, this.#clock);
  }

  /** Takes a trickled remote candidate (RFC 8839 §5.1). @returns whether it can lead anywhere */
  candidate(candidate: string): boolean {
    if (!isUsableCandidate(candidate, this.#bindAddress)) return false;
    if (this.#hasAnswer) this.#addCandidate(candidate);
    else if (this.#candidates.length < candidatesMax) this.#candidates.push(candidate);
    return true;
  }

  /** Our last offer and the server's answer: it is told of both when it takes us up again. */
  get descriptions(): { readonly offer: string; readonly answer: string } {
    return {
      offer: this.#peer.localDescription()?.sdp ?? '',
      answer: this.#peer.remoteDescription()?.sdp ?? '',
    };
  }

  get traffic(): Traffic {
    return { sent: this.#sent, heard: this.#heard };
  }

  get isReached(): boolean {
    return this.#state.isReached;
  }

  get isUp(): boolean {
    return this.#state.isUp;
  }

  /** The first offer is made and has no answer: it can still be taken into any room. */
  get isReady(): boolean {
    return this.#offer !== null && !this.#hasAnswer && !this.#isGone && !this.#state.isClosing;
  }

  /** Sends one packet of our track; lost while the connection is not up. */
  send(packet: Buffer): void {
    if (!this.#state.isUp) return;
    this.#sent++;
    try {
      this.#sender.sendMessageBinary(packet);
    } catch {
      // The native side closed first; its state change is on the way.
    }
  }

  /** Sends a message on the reliable channel; kept for a while when that is not open yet. */
  sendData(message: Uint8Array): void {
    if (!this.#state.isClosing) this.#data.send(message);
  }

  /** Closes and frees every native object. Resolves when they are gone, within callLimits.closeMs. */
  close(): Promise<void> {
    if (!this.#state.close()) return Promise.resolve();
    const gone = this.#whenGone();
    for (const channel of this.#channels) channel.close();
    this.#sender.close();
    for (const receiver of this.#receivers.values()) receiver.close();
    this.#receivers.clear();
    this.#peer.close();
    return gone;
  }

  #makeOffer(): void {
    this.#peer.onGatheringStateChange((state) => {
      if (state !== 'complete' || this.#offer !== null || this.#state.isClosing) return;
      this.#offer = this.#peer.localDescription()?.sdp ?? '';
      this.#onOffer?.(this.#offer);
    });
    this.#peer.setLocalDescription('offer');
  }

  /** Resolves when the native connection is gone, or after a while regardless. */
  #whenGone(): Promise<void> {
    if (this.#isGone) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.after(callLimits.closeMs, () => this.#onGone?.());
      this.#onGone = () => {
        this.#onGone = null;
        timer.cancel();
        resolve();
      };
    });
  }

  #onState(state: string): void {
    if (state === 'closed') {
      this.#isGone = true;
      this.#onGone?.();
    }
    this.#state.become(state);
  }

  #addCandidate(candidate: string): void {
    try {
      this.#peer.addRemoteCandidate(candidate, '0');
    } catch {
      // One candidate that cannot be read leaves the others.
    }
  }

  #sendSection(codec: TrackCodec): Audio {
    const section = new Audio('0', 'SendOnly');
    addCodecs(section, codec);
    section.parseSdpLine(
      `a=extmap:${levelExtensionId} urn:ietf:params:rtp-hdrext:ssrc-audio-level`,
    );
    section.addSSRC(this.ssrc, 'callgate', 'callgate', this.trackCid);
    return section;
  }

  #hold(channel: DataChannel): DataChannel {
    this.#channels.push(channel);
    channel.onMessage((message) => {
      this.#heard++;
      if (!this.#state.isClosing && Buffer.isBuffer(message)) this.#events?.onData(message);
    });
    return channel;
  }

  #addReceiver(): void {
    // The application section takes the first mid that is free, so ours begin behind it.
    const mid = `r${this.#receivers.size}`;
    const section = new Audio(mid, 'RecvOnly');
    addCodecs(section, 'opus');
    const track = this.#peer.addTrack(section);
    track.onMessage((packet) => {
      // The first may be here before the next look at the connection.
      this.#state.rise();
      if (!this.#state.isClosing) this.#events?.onPacket(mid, packet);
    });
    this.#receivers.set(mid, track);
  }
}

/** LiveKit has three kinds of channels, each in two directions. */
const channelsMax = 8;
/** Candidates kept until the answer comes; a server has an address or two. */
const candidatesMax = 32;

/**
 * Every codec, one of them first: the first section's first decides what our track is (packets of another are dropped by the server without a
 * word), and its list what the other sections may be.
 */
function addCodecs(section: Audio, first: TrackCodec): void {
  const codecs: readonly TrackCodec[] = ['opus', 'PCMU', 'PCMA'];
  for (const codec of [first, ...codecs.filter((one) => one !== first)]) {
    if (codec === 'opus') section.addOpusCodec(payloadTypes.opus, 'minptime=10;useinbandfec=1');
    else section.addAudioCodec(payloadTypes[codec], codec);
  }
}
