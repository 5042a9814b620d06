/**
 * Telephone events (RFC 4733): DTMF digits in RTP packets. An event is sent many times (updates every 20-50 ms, its end three times) under
 * one timestamp, and any of those packets may be lost; the timestamp alone tells events apart. One event gives one digit, on
 * the first packet of it that arrives. Pure.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     event     |E|R| volume    |          duration             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { timestampDistance } from './sequence.ts';

/** Events 0 to 15 (RFC 4733 §3.2), written as LiveKit writes digits. */
const digits = '0123456789*#abcd';

interface LastEvent {
  readonly ssrc: number;
  readonly timestamp: number;
  readonly event: number;
  readonly duration: number;
  readonly isEnded: boolean;
}

/** Reads one caller's telephone events. */
export class TelephoneEventReader {
  readonly #segmentTicks: number;
  #last: LastEvent | null = null;

  /** @param ticksPerUnit ticks of the stream's timestamps in one unit of the events' durations: 6 for telephone-event/8000 beside Opus */
  constructor(ticksPerUnit = 1) {
    this.#segmentTicks = 0xffff * ticksPerUnit;
  }

  /** @returns the digit that this packet begins; null: a repetition, an event that is no digit, or no event at all. */
  read(packet: {
    readonly ssrc: number;
    readonly timestamp: number;
    readonly payload: Uint8Array;
  }): string | null {
    const { payload, ssrc, timestamp } = packet;
    const [event, flags, high, low] = payload;
    if (event === undefined || flags === undefined || high === undefined || low === undefined)
      return null;
    const digit = digits[event];
    if (digit === undefined) return null;
    const heard = { ssrc, timestamp, event, duration: high * 256 + low, isEnded: flags >= 0x80 };
    const last = this.#last;
    if (last === null || last.ssrc !== ssrc) {
      this.#last = heard;
      return digit;
    }
    const ahead = timestampDistance(last.timestamp, timestamp);
    // A packet of an event before the last one, overtaken on the way.
    if (ahead < 0) return null;
    if (ahead === 0) {
      this.#last = { ...heard, isEnded: heard.isEnded || last.isEnded };
      return null;
    }
    this.#last = heard;
    return this.#isContinuation(last, heard, ahead) ? null : digit;
  }

  /**
   * A key held for more than 65,535 units goes on as a new segment, whose timestamp follows the full duration of the last
   * one, which never ended. RFC 4733 §2.5.1.3.
   */
  #isContinuation(last: LastEvent, heard: LastEvent, aheadTicks: number): boolean {
    return !last.isEnded && last.event === heard.event && aheadTicks === this.#segmentTicks;
  }
}
