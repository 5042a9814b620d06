/** The part of limits.ts that bounds what a node takes. Imported through limits.ts. */

/** When a node is full. What it has of calls, CPU, memory and ports is its configuration. */
export const admissionLimits = {
  /** Sources without a welcome call are turned away when this share of any bound is used. */
  strangersShare: 0.8,
  /** New calls at once, however few a second are taken: those that are kept for others must fit beside one that is given. */
  callsAtOnceMin: 5,
  /** Of these, strangers leave so many to sources that are known, at least. */
  strangersLeaveMin: 3,
  /** Share of them that a source leaves to others once it has had its own of this second, and how many at least. */
  othersShare: 0.1,
  othersMin: 2,
  /** Median delay of the event loop: packets of signalling wait this long, and with media in the same process so does audio. */
  loopDelayMs: 50,
  /** Beyond this nothing is answered: the other side asks again, and an answer would only make us later. */
  silentLoopDelayMs: 200,
  /** Defaults for each core; the bounds on CPU, memory and delay are reached first on a slow one. */
  callsPerCore: 400,
  callsPerSecondPerCore: 50,
  cpuDefault: 0.9,
  memoryDefault: 0.8,
  /**
   * Records of calls that were turned away, at once and a second after that: so many that a provider's trouble is seen call by call, so few that a flood costs one
   * disk write in 200 ms. The rest is counted.
   */
  recordsBurst: 50,
  recordsPerSecond: 5,
  /** Of these, strangers may have this share. */
  recordsStrangersShare: 0.5,
  /** Share of the spool beyond which calls that were turned away are only counted: the rest is for calls that were not. */
  recordsSpoolShare: 0.5,
  /** Calls that were turned away last and are not recorded again when the same INVITE comes again: a minute of them. */
  recordedMax: 300,
} as const;
