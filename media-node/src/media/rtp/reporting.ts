/**
 * One call's RTCP: when reports are due, what they say of the phone's stream, and what the phone's reports say of ours. It keeps figures and has
 * no socket. Reports go out about every five seconds, at random moments so that many calls do not report at once (RFC 3550 §6.2).
 */
import { randomBytes } from 'node:crypto';
import type { Reception } from './reception.ts';
import {
  type ReportBlock,
  readRtcp,
  roundTripMs,
  type SentStream,
  writeGoodbye,
  writeRtcp,
} from './rtcp.ts';

const intervalMs = 5_000;

export class Reporting {
  /** Means nothing outside the call. RFC 7022 §4.2. */
  readonly #cname = randomBytes(12).toString('base64url');
  #dueAtMono: number;
  /** Of the phone's last sender report, and when it came. */
  #senderReport: { readonly ntpMiddle: number; readonly atWall: number } | null = null;
  #before = { expected: 0, received: 0 };
  #roundTripMs: number | null = null;
  #remoteFractionLost: number | null = null;
  /** Of the stream that was last reported on, and of those of ours before it. */
  #remoteLost = 0;
  #remoteLostBefore = 0;
  #reportedSsrc: number | null = null;

  /** @param now ms on the monotonic clock */
  constructor(now: number) {
    this.#dueAtMono = now + intervalMs / 2;
  }

  /** Round trip to the phone, ms; null: it reports nothing. */
  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  /** Of our packets lost on the way to the phone: the last fraction (0 to 1, null unknown), and all. */
  get remoteLoss(): { readonly fraction: number | null; readonly packets: number } {
    const packets = this.#remoteLostBefore + this.#remoteLost;
    return { fraction: this.#remoteFractionLost, packets };
  }

  /** Takes a packet of the phone, decrypted. What is malformed or about another stream changes nothing; BYE neither: signalling ends calls. */
  receive(bytes: Buffer, ownSsrc: number, nowWall: number): void {
    const reports = readRtcp(bytes);
    if (reports === null) return;
    if (reports.sender !== null) {
      this.#senderReport = { ntpMiddle: reports.sender.ntpMiddle, atWall: nowWall };
    }
    for (const block of reports.blocks) {
      if (block.ssrc !== ownSsrc) continue;
      if (ownSsrc !== this.#reportedSsrc) {
        this.#remoteLostBefore += this.#remoteLost;
        this.#reportedSsrc = ownSsrc;
      }
      this.#remoteFractionLost = block.fractionLost;
      this.#remoteLost = Math.max(0, block.lost);
      this.#roundTripMs = roundTripMs(block, nowWall) ?? this.#roundTripMs;
    }
  }

  /** A report when one is due, else null. @param random 0 to 1 */
  report(
    own: { readonly ssrc: number; readonly sent: SentStream | null },
    reception: Reception | null,
    time: { readonly nowMono: number; readonly nowWall: number; readonly random: number },
  ): Buffer | null {
    if (time.nowMono < this.#dueAtMono) return null;
    this.#dueAtMono = time.nowMono + intervalMs * (0.5 + time.random);
    const block = reception === null ? null : this.#block(reception, time.nowWall);
    return writeRtcp(own.ssrc, this.#cname, own.sent, block);
  }

  goodbye(ownSsrc: number): Buffer {
    return writeGoodbye(ownSsrc, this.#cname);
  }

  #block(reception: Reception, nowWall: number): ReportBlock | null {
    const { ssrc, expected, received } = reception;
    if (ssrc === null) return null;
    const due = expected - this.#before.expected;
    const came = received - this.#before.received;
    this.#before = { expected, received };
    const report = this.#senderReport;
    return {
      ssrc,
      fractionLost: due <= 0 ? 0 : Math.max(0, (due - came) / due),
      lost: expected - received,
      highestSequence: reception.highestSequence,
      jitterTicks: reception.jitterTicks,
      lastReport: report?.ntpMiddle ?? 0,
      sinceLastReport:
        report === null ? 0 : Math.round(((nowWall - report.atWall) * 65_536) / 1_000),
    };
  }
}
