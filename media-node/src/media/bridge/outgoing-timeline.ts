/**
 * Sequence numbers and timestamps of the one RTP stream that the phone hears, whatever it is made of: packets of a remote track with the
 * track's own time, or packets of ours (silence, prompts, tones) that follow on what was sent last. The phone must see one source: sequence numbers
 * without holes but for real loss, and a timestamp that never goes back.
 *
 * The problem is a track that pauses. After a while we fill in, and when the track goes on, its time may lie before what we have sent. Packets
 * that come late after a stall lie behind only for a moment: they are dropped, or the call's delay would grow by every stall. A track
 * that stays behind (its clock stood still while it was muted) is moved to where we are.
 *
 * Example, 8 kHz: track to 1600, then nothing; we fill 1600, 1760, ... 3200. The track goes on at 3360: it is ahead, a pause of
 * 160, marked. Had it gone on at 1760 it would have been dropped for 200 ms, then 1760 + 1600 would be what is next.
 */
import { timestampDistance } from '../rtp/sequence.ts';
import { TimestampMap } from '../rtp/timestamp-map.ts';

/** Where a packet goes; `sequence` is not yet cut to 16 bit. */
export interface Place {
  readonly sequence: number;
  readonly timestamp: number;
  /** First packet after a pause (RFC 3551 §4.1). */
  readonly marker: boolean;
}

/** A track may stay behind what was sent for so long before it is moved, ms. */
const behindMaxMs = 200;

export class OutgoingTimeline {
  readonly #timestamps: TimestampMap;
  /** Sequence number of the newest packet sent. */
  #sequence: number;
  /** Timestamp behind the newest packet sent. */
  #next: number;
  /** The next packet is the first, or the first after a pause. */
  #isFirst = true;
  /** The next packet of the track begins a stretch: it goes where we are, if its time lies before that. */
  #isUnaligned = true;
  /** Packets of ours have been sent since the track's newest: its late ones have no place any more. */
  #isFilled = false;
  /** Packets beside the audio have taken sequence numbers since the track's newest: the same. */
  #hasBeside = false;
  #behindSinceMono: number | null = null;

  /** @param sequence before the first packet @param timestamp of the first packet */
  constructor(options: {
    readonly inputClockHz: number;
    readonly outputClockHz: number;
    readonly sequence: number;
    readonly timestamp: number;
  }) {
    this.#sequence = options.sequence;
    this.#next = options.timestamp >>> 0;
    this.#timestamps = new TimestampMap({ ...options, start: options.timestamp });
  }

  /** The track's packets that follow have nothing to do with those before. */
  restart(inputClockHz: number): void {
    this.#timestamps.restart(inputClockHz);
    this.#isUnaligned = true;
  }

  /**
   * The time of a track's packet that is newer than all before it, in ticks of the outgoing clock; null: it is to be dropped.
   * @param now ms on the monotonic clock
   */
  track(timestamp: number, now: number): number | null {
    const placed = this.#timestamps.forward(timestamp, now);
    if (timestampDistance(placed, this.#next) <= 0) {
      this.#isUnaligned = false;
      this.#behindSinceMono = null;
      return placed;
    }
    this.#behindSinceMono ??= now;
    if (!this.#isUnaligned && now - this.#behindSinceMono < behindMaxMs) return null;
    this.#isUnaligned = false;
    this.#behindSinceMono = null;
    this.#timestamps.shiftTo(this.#next);
    return this.#next;
  }

  /** Nothing was sent for a while: what comes next begins anew, at `timestamp` or later. */
  pauseUntil(timestamp: number): void {
    if (timestampDistance(this.#next, timestamp) > 0) this.#next = timestamp >>> 0;
    this.#isFirst = true;
  }

  /** Packets of the track that are lost leave a hole. */
  skip(packets: number): void {
    this.#sequence += packets;
  }

  /** The place of a packet of the track that begins at `timestamp` (as `track` gave it) and lasts `ticks`. */
  place(timestamp: number, ticks: number): Place {
    const marker = this.#isFirst || this.#isFilled || timestamp !== this.#next;
    this.#isFilled = false;
    this.#hasBeside = false;
    return this.#take(timestamp, ticks, marker);
  }

  /** The place of a packet of ours, right behind what was sent last. */
  fill(ticks: number): Place {
    this.#isFilled = true;
    return this.#take(this.#next, ticks, this.#isFirst);
  }

  /** The timestamp behind what was sent last: where an event begins. */
  get next(): number {
    return this.#next;
  }

  /** The place of a packet beside the audio (a telephone event): next in sequence, at a time of its own. */
  beside(timestamp: number, marker: boolean): Place {
    this.#hasBeside = true;
    this.#sequence++;
    return { sequence: this.#sequence, timestamp, marker };
  }

  /** The place of a track's packet that was overtaken by `behind`; null: there is none. */
  late(timestamp: number, behind: number): Place | null {
    const placed = this.#isFilled || this.#hasBeside ? null : this.#timestamps.late(timestamp);
    if (placed === null) return null;
    return { sequence: this.#sequence - behind, timestamp: placed, marker: false };
  }

  #take(timestamp: number, ticks: number, marker: boolean): Place {
    this.#isFirst = false;
    this.#sequence++;
    this.#next = (timestamp + ticks) >>> 0;
    return { sequence: this.#sequence, timestamp: timestamp >>> 0, marker };
  }
}
