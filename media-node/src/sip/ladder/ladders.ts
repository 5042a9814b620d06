/**
 * The SIP messages of the last calls, kept as they were so that an operator can be shown what was said. Only INVITEs that became a call have a ladder: what
 * strangers send otherwise leaves nothing. Bounded in calls, messages and bytes; calls that were refused are forgotten first, then calls that have ended, the
 * oldest first. Keeping is a copy of the bytes; reading and redacting them waits until somebody asks.
 */
import { ladderLimits } from '@callgate/shared/ladder-limits.ts';
import type { Clock } from '../../clock.ts';
import type { Flow } from '../transport/transport.ts';

export interface LadderMessage {
  readonly direction: 'in' | 'out';
  /** ms since the first message of the call. */
  readonly afterMs: number;
  readonly transport: Flow['transport'];
  readonly peer: { readonly address: string; readonly port: number };
  /** As on the wire, cut to ladderLimits.messageBytesMax. Holds secrets: for redact-message.ts alone. */
  readonly bytes: Buffer;
}

export interface Ladder {
  readonly sipCallId: string;
  /** As the node names the call; empty while it has no name. */
  readonly callId: string;
  readonly traceId: string;
  /** Wall clock, ms since epoch. */
  readonly startedAtWall: number;
  readonly messages: readonly LadderMessage[];
  /** Messages that came when the ladder was full. */
  readonly leftOut: number;
}

/** How much a ladder is worth keeping. */
type Fate = 'refused' | 'ended' | 'live';

interface Kept extends Ladder {
  callId: string;
  traceId: string;
  readonly startedAtMono: number;
  readonly messages: LadderMessage[];
  bytes: number;
  leftOut: number;
  fate: Fate;
}

const fates: readonly Fate[] = ['refused', 'ended', 'live'];

export class Ladders {
  readonly #clock: Clock;
  /** By fate and Call-ID; the order in each is age. */
  readonly #kept: Readonly<Record<Fate, Map<string, Kept>>> = {
    refused: new Map(),
    ended: new Map(),
    live: new Map(),
  };
  #bytes = 0;
  /** The message that came last: when it begins a call, it is the first of its ladder. */
  #last: { readonly sipCallId: string; readonly bytes: Buffer; readonly flow: Flow } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return fates.reduce((sum, fate) => sum + this.#kept[fate].size, 0);
  }

  /** Bytes of messages held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** An INVITE became a call; its messages are kept from here on. The INVITE that answers a challenge goes on with the ladder of the first. */
  begin(sipCallId: string): void {
    const before = this.#find(sipCallId);
    if (before !== null) return this.#move(before, 'live');
    const first = this.#last;
    this.#kept.live.set(sipCallId, {
      sipCallId,
      callId: '',
      traceId: '',
      startedAtWall: this.#clock.nowWall(),
      startedAtMono: this.#clock.nowMono(),
      messages: [],
      bytes: 0,
      leftOut: 0,
      fate: 'live',
    });
    if (first?.sipCallId === sipCallId) this.note('in', sipCallId, first.bytes, first.flow);
    this.#makeRoom();
  }

  /** What the node calls the call. */
  name(sipCallId: string, callId: string, traceId: string): void {
    const ladder = this.#find(sipCallId);
    if (ladder !== null) Object.assign(ladder, { callId, traceId });
  }

  /** Keeps a message, when its call has a ladder. */
  note(direction: 'in' | 'out', sipCallId: string, bytes: Buffer, flow: Flow): void {
    const ladder = this.#find(sipCallId);
    if (direction === 'in') this.#last = { sipCallId, bytes, flow };
    if (ladder === null) return;
    const { messagesMax, messageBytesMax, callBytesMax } = ladderLimits;
    const length = Math.min(bytes.length, messageBytesMax);
    if (ladder.messages.length >= messagesMax || ladder.bytes + length > callBytesMax) {
      ladder.leftOut += 1;
      return;
    }
    const { address, port } = flow.remote;
    ladder.messages.push({
      direction,
      afterMs: Math.round(this.#clock.nowMono() - ladder.startedAtMono),
      transport: flow.transport,
      peer: { address, port },
      // A copy: what came may be a view of a larger buffer.
      bytes: Buffer.from(bytes.subarray(0, length)),
    });
    ladder.bytes += length;
    this.#bytes += length;
    this.#makeRoom();
  }

  /** The call is over. What still comes, such as an ACK, is kept. */
  end(sipCallId: string, wasRefused: boolean): void {
    const ladder = this.#find(sipCallId);
    if (ladder !== null) this.#move(ladder, wasRefused ? 'refused' : 'ended');
  }

  /** By the node's id of a call, or by Call-ID; null: not kept, or no longer. */
  find(id: string): Ladder | null {
    const bySipCallId = this.#find(id);
    if (bySipCallId !== null) return bySipCallId;
    for (const fate of fates) {
      for (const ladder of this.#kept[fate].values()) if (ladder.callId === id) return ladder;
    }
    return null;
  }

  #find(sipCallId: string): Kept | null {
    const { live, ended, refused } = this.#kept;
    return live.get(sipCallId) ?? ended.get(sipCallId) ?? refused.get(sipCallId) ?? null;
  }

  #move(ladder: Kept, fate: Fate): void {
    this.#kept[ladder.fate].delete(ladder.sipCallId);
    ladder.fate = fate;
    this.#kept[fate].set(ladder.sipCallId, ladder);
  }

  #makeRoom(): void {
    while (this.size > ladderLimits.callsMax || this.#bytes > ladderLimits.bytesMax) {
      const oldest = fates
        .map((fate) => this.#kept[fate].values().next().value)
        .find((one) => one !== undefined);
      if (oldest === undefined) return;
      this.#kept[oldest.fate].delete(oldest.sipCallId);
      this.#bytes -= oldest.bytes;
    }
  }
}
