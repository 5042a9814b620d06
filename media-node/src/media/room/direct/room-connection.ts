/**
 * The WebRTC connection of one participant: one audio track out, receive sections for others, the two data channels that LiveKit expects. Every native
 * object is held here as long as it is in use (a collected track goes silent without a word) and closed one by one at
 * the end (a connection closed alone keeps tens of kilobytes).
 */
import { randomInt, randomUUID } from 'node:crypto';
import { callLimits, roomLimits } from '@callgate/shared/limits.ts';
import { Audio, type DataChannel, PeerConnection, type Track } from 'node-datachannel';
import type { Clock } from '../../../clock.ts';

/** Payload types in our offers. PCMU and PCMA have theirs from RFC 3551 §6. */
export const payloadTypes = { opus: 111, PCMU: 0, PCMA: 8 } as const;

/** The id of the audio level extension in our offers. */
export const levelExtensionId = 1;

export interface ConnectionEvents {
  /** Packets can go both ways. Once. */
  onUp(): void;
  /** The connection failed or was closed by the other side. Nothing follows. Not after `close`. */
  onDown(): void;
  /** A datagram of the receive section `mid`, RTP or RTCP; valid during the call. */
  onPacket(mid: string, packet: Buffer): void;
}

export class RoomConnection {
  /** Identifies our track: `cid` of its publication and track id in its msid. */
  readonly trackCid: string = `TR_${randomUUID()}`;
  readonly ssrc: number = randomInt(1, 2 ** 32 - 1);
  readonly #events: ConnectionEvents;
  readonly #clock: Clock;
  readonly #peer: PeerConnection;
  readonly #sender: Track;
  readonly #receivers = new Map<string, Track>();
  readonly #channels: DataChannel[];
  /** Remote candidates that came before the answer. */
  #candidates: string[] = [];
  #hasAnswer = false;
  #isUp = false;
  /** The native connection is gone. */
  #isGone = false;
  #onGone: (() => void) | null = null;
  #isClosing = false;

  constructor(events: ConnectionEvents, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
    this.#peer = new PeerConnection('callgate', {
      iceServers: [],
      disableAutoNegotiation: true,
      forceMediaTransport: true,
    });
    this.#peer.onStateChange((state) => this.#onState(state));
    this.#sender = this.#peer.addTrack(this.#sendSection());
    for (let i = 0; i < roomLimits.receivedTracksFirst; i++) this.#addReceiver();
    this.#channels = [
      this.#peer.createDataChannel('_reliable', {}),
      this.#peer.createDataChannel('_lossy', { unordered: true, maxRetransmits: 0 }),
    ];
  }

  /**
   * Makes the first offer with every local candidate in it: trickled ones would reach the server after its first checks.
   * @param onOffer called once with the SDP, unless the connection is closed before
   */
  offer(onOffer: (sdp: string) => void): void {
    let isOffered = false;
    this.#peer.onGatheringStateChange((state) => {
      if (state !== 'complete' || isOffered || this.#isClosing) return;
      isOffered = true;
      onOffer(this.#peer.localDescription()?.sdp ?? '');
    });
    this.#peer.setLocalDescription('offer');
  }

  /** Makes another offer, with room for `tracks` remote tracks (bounded). @returns its SDP */
  offerAgain(tracks: number): string {
    const wanted = Math.min(tracks, roomLimits.receivedTracksMax);
    while (this.#receivers.size < wanted) this.#addReceiver();
    this.#peer.setLocalDescription('offer');
    return this.#peer.localDescription()?.sdp ?? '';
  }

  /** @throws when the SDP is not acceptable */
  answer(sdp: string): void {
    this.#peer.setRemoteDescription(sdp, 'answer');
    this.#hasAnswer = true;
    for (const candidate of this.#candidates.splice(0)) this.#addCandidate(candidate);
  }

  /** Takes a trickled remote candidate (RFC 8839 §5.1). */
  candidate(candidate: string): void {
    if (this.#hasAnswer) this.#addCandidate(candidate);
    else if (this.#candidates.length < candidatesMax) this.#candidates.push(candidate);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Sends one packet of our track; lost while the connection is not up. */
  send(packet: Buffer): void {
    if (!this.#isUp) return;
    try {
      this.#sender.sendMessageBinary(packet);
    } catch {
      // The native side closed first; its state change is on the way.
    }
  }

  /** Closes and frees every native object. Resolves when they are gone, within callLimits.closeMs. */
  close(): Promise<void> {
    if (this.#isClosing) return Promise.resolve();
    this.#isClosing = true;
    this.#isUp = false;
    const gone = this.#whenGone();
    for (const channel of this.#channels) channel.close();
    this.#sender.close();
    for (const receiver of this.#receivers.values()) receiver.close();
    this.#receivers.clear();
    this.#peer.close();
    return gone;
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
    if (this.#isClosing) return;
    if (state === 'connected' && !this.#isUp) {
      this.#isUp = true;
      this.#events.onUp();
    } else if (state === 'failed' || state === 'closed') {
      this.#isUp = false;
      this.#events.onDown();
    }
  }

  #addCandidate(candidate: string): void {
    // ICE over TCP is not built in; a name would be resolved in a thread of its own.
    if (!/^(?:candidate:)?\S+ 1 udp \d+ [0-9a-fA-F.:]+ /i.test(candidate)) return;
    try {
      this.#peer.addRemoteCandidate(candidate, '0');
    } catch {
      // One candidate that cannot be read leaves the others.
    }
  }

  #sendSection(): Audio {
    const section = new Audio('0', 'SendOnly');
    addCodecs(section);
    section.parseSdpLine(
      `a=extmap:${levelExtensionId} urn:ietf:params:rtp-hdrext:ssrc-audio-level`,
    );
    section.addSSRC(this.ssrc, 'callgate', 'callgate', this.trackCid);
    return section;
  }

  #addReceiver(): void {
    // The application section takes the first mid that is free, so ours begin behind it.
    const mid = `r${this.#receivers.size}`;
    const section = new Audio(mid, 'RecvOnly');
    addCodecs(section);
    const track = this.#peer.addTrack(section);
    track.onMessage((packet) => {
      if (!this.#isClosing) this.#events.onPacket(mid, packet);
    });
    this.#receivers.set(mid, track);
  }
}

/** Candidates kept until the answer comes; a server has an address or two. */
const candidatesMax = 32;

/** Opus first: the first section's order decides what our track is, and what the others may be. */
function addCodecs(section: Audio): void {
  section.addOpusCodec(payloadTypes.opus, 'minptime=10;useinbandfec=1');
  section.addAudioCodec(payloadTypes.PCMU, 'PCMU');
  section.addAudioCodec(payloadTypes.PCMA, 'PCMA');
}
