/** What strangers may cost a node; the other bounds are in limits.ts. */

/**
 * What a source may cost that has brought no welcome call yet. A source is known for `knownMs` after a call of it was let in; carriers
 * are known from their first call on, so these numbers only meet strangers.
 */
export const strangerLimits = {
  /** New requests at once, and a second after that: a phone that is set up wrongly sends one or two a second. */
  burst: 100,
  perSecond: 20,
  /** All strangers together: what the edge is asked at most on their behalf. */
  burstAll: 2_000,
  perSecondAll: 500,
  /** Sources remembered; the one longest silent is forgotten for a new one. */
  sourcesMax: 10_000,
  knownMs: 3_600_000,
  /** Wrong credentials within `failuresMs` after which a stranger hears nothing for as long again. */
  failuresMax: 20,
  /** From so many on the source is slowed before it is silenced: a person who mistypes does not notice, a program that guesses does. */
  failuresSlowed: 5,
  slowBurst: 2,
  slowPerSecond: 0.5,
  failuresMs: 600_000,
  /** A source that a call was let in of may speak for many: its wrong credentials count by user name, as above, and over all names up to this many. */
  failuresMaxOfKnown: 200,
  /** Final answers repeated to who asks again with the same Call-ID and tag (livekit/sip: the same). */
  answersMax: 5_000,
  answersMs: 60_000,
  /** Digest nonces whose counts are remembered, and calls that were challenged: at 100 challenged calls a second, longer than a nonce lives (edgeLimits.nonceAgeMs). */
  noncesMax: 10_000,
  /** And for how long: twice what a nonce lives, then it is worth nothing at the edge whatever its clock says. */
  nonceKeptMs: 60_000,
  /** How long the 100 of a source that is not known may wait for the edge: a stranger gets one answer, or none where it is to hear nothing. RFC 3261 §17.2.1 allows 200. */
  tryingHoldMs: 150,
} as const;
