/** What media counts for those who watch: sums over whole processes, made once a second, so that no packet pays for it. */

/** RTP packets since the start, of sessions that are over, too. */
export interface RtpTotals {
  readonly received: number;
  readonly sent: number;
  /** Of those due from the phones. Late packets take it back a little. */
  readonly lost: number;
  /** Of ours on the way to the phones, by their reports (RTCP). */
  readonly lostAtPhone: number;
  /** From a source that is not the caller's. */
  readonly foreign: number;
}

/** Upper bounds of the lateness of ticks that are counted apart, ms; later ones are counted last. */
export const lateTickBoundsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500] as const;

/** One media process, or the media of the main process. */
export interface MediaFigures {
  readonly sessions: number;
  readonly residentBytes: number;
  readonly rtp: RtpTotals;
  /** Ticks by how late they came: one count for each of `lateTickBoundsMs`, and one beyond. */
  readonly lateTicks: readonly number[];
}

export const noRtp: RtpTotals = { received: 0, sent: 0, lost: 0, lostAtPhone: 0, foreign: 0 };

export const noFigures: MediaFigures = {
  sessions: 0,
  residentBytes: 0,
  rtp: noRtp,
  lateTicks: Array.from({ length: lateTickBoundsMs.length + 1 }, () => 0),
};

export function addRtp(one: RtpTotals, other: RtpTotals): RtpTotals {
  return {
    received: one.received + other.received,
    sent: one.sent + other.sent,
    lost: one.lost + other.lost,
    lostAtPhone: one.lostAtPhone + other.lostAtPhone,
    foreign: one.foreign + other.foreign,
  };
}

export function addFigures(one: MediaFigures, other: MediaFigures): MediaFigures {
  return {
    sessions: one.sessions + other.sessions,
    residentBytes: one.residentBytes + other.residentBytes,
    rtp: addRtp(one.rtp, other.rtp),
    lateTicks: one.lateTicks.map((count, index) => count + (other.lateTicks[index] ?? 0)),
  };
}

/** What a process leaves behind: it holds nothing any more, but what it counted has happened. */
export function countsOf({ rtp, lateTicks }: MediaFigures): MediaFigures {
  return { sessions: 0, residentBytes: 0, rtp, lateTicks };
}
