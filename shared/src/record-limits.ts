/** The part of limits.ts that bounds how calls are counted, kept and told of. Imported through limits.ts. */

/** Bounds of the caps on calls that a trunk may have (routing/trunk-options.ts), and of the leases that count its calls. */
export const capLimits = {
  /** Calls of one trunk: more than one Durable Object can renew the leases of in its time. */
  callsMax: 10_000,
  /** One call in 1,000 s; more than 200 calls a second are beyond the writes of one Durable Object. */
  perSecondMin: 0.001,
  perSecondMax: 200,
  /** A call that nobody speaks for this long counts no more: its node is lost. */
  leaseMs: 90_000,
  /** A node speaks for its calls this often: two reports may be lost on the way. */
  renewMs: 25_000,
  /** Where only the rate is capped, an offer that is sent again within this time is the same call. */
  sameOfferMs: 15_000,
  /** Calls in one report of a node. */
  reportedMax: 1_000,
} as const;

/** Bounds of the call records kept at the edge. */
export const recordLimits = {
  /** A Call-ID or the user of a URI: a header of sipLimits.headerLineBytesMax may hold a longer one, but nobody's is. */
  textCharactersMax: 1_024,
  /** A sentence or two. */
  explanationCharactersMax: 1_024,
  /** Objects that share the records: each takes some 200 writes a second. */
  objects: 16,
  /** Attempts kept in one object, about 3 KB each with their indexes; beyond it the oldest go with the next sweep. The object may hold 10 GB. */
  attemptsMax: 1_000_000,
  /** Calls in one page of a list. */
  pageDefault: 50,
  pageMax: 200,
  /** Traces of refused calls: how many an isolate keeps in a second, and an object in all. About 5 KB each. */
  refusalsPerSecond: 20,
  refusalsMax: 20_000,
  /** So many may be there beyond for a while: to find the oldest at each would read them all, and reads of Durable Objects are paid for. */
  refusalsBeyondMax: 1_000,
  /** Records are forgotten after 30 days when the deployment does not say otherwise; who needs them longer than the longest takes them from the webhooks. */
  keepDaysDefault: 30,
  keepDaysMax: 400,
  /** How often old records are looked for. */
  sweepMs: 21_600_000,
} as const;

/** Bounds of webhooks. */
export const webhookLimits = {
  /** Receivers of one deployment: each event is one message for each of them. */
  receiversMax: 20,
  /** Secrets of one receiver: the old and the new while they are exchanged, and one to spare. */
  secretsMax: 3,
  urlCharactersMax: 2_048,
  /** Answers of receivers are not read; the status must come within this (Standard Webhooks: 15 to 30 s). */
  answerMs: 15_000,
  /** Waits before the tries after the first, s, unless the deployment says otherwise: 35 h in all, within the 4 days that a queue keeps a message. */
  retriesS: [5, 30, 300, 1_800, 7_200, 18_000, 36_000, 43_200],
  /** A queue delays a message by at most 12 h; so does a Retry-After of a receiver. */
  retryMaxS: 43_200,
  /** Messages in one batch to the queue: 256 KB may go, an event is below 8 KB. */
  batchMax: 25,
  /** The list of receivers that an object keeps, ms: a new receiver hears of what happens after that. */
  receiversFreshMs: 5_000,
  /** Events that wait in an object for the queue; beyond it the oldest go, loudly. */
  waitingMax: 10_000,
  /** The queue could not take what waits: tried again after this. */
  queueRetryMs: 30_000,
  /** Events that nobody took. Older and more are forgotten. */
  deadLettersMax: 20_000,
  deadLetterAgeMs: 2_592_000_000,
  /** How often those that are older are looked for. */
  deadLetterSweepMs: 21_600_000,
  /** Dead letters in one answer, and replayed by one request. */
  deadLettersPageMax: 100,
} as const;
