/** Bounds and times of SIP: what a peer may send, what we send, and how long is waited. */

/** Bounds of what a SIP peer may send (checked by the gate before anything is parsed). */
export const sipLimits = {
  /** A UDP datagram cannot carry more than 65,507 bytes; real INVITEs stay below 4 KB. */
  datagramBytesMax: 16_384,
  /** Start line and headers together; leaves room for a long Via and Record-Route chain. */
  headerSectionBytesMax: 12_288,
  /** Lines of the header section, folded ones included. */
  headerLinesMax: 128,
  /** One header with its folded lines. A signed Identity (RFC 8224) passes 1 KB; every reader of ours takes one walk, so 4 KB cost no more than their length. */
  headerLineBytesMax: 4_096,
  /** Runs of blanks feed cubic expressions in the grammar package; nobody needs 64 in a row. */
  blankRunMax: 64,
  /** SDP of a phone is below 2 KB; WebRTC-like offers reach 6 KB. */
  bodyBytesMax: 8_192,
  /** A message of ours: the headers of a request that an answer repeats, a description, and headers of the application. UDP carries 65,507 bytes. */
  writtenBytesMax: 49_152,
  /** Headers that trunk, room and application add to one message of ours, names and values. */
  applicationHeaderBytesMax: 8_192,
  /** Routes of a dialog: a request makes no more hops (Max-Forwards 70). */
  routesMax: 70,
  /** Headers made of participant attributes, names and values: an attribute may hold 60 KB, a datagram 16. */
  mappedHeaderBytesMax: 4_096,
  /** RFC 3261 §8.1.1.5: CSeq is below 2^31. */
  cseqMax: 2_147_483_647,
  /** Headers handed to the edge with an offer; the rest is dropped from the offer, never the call. */
  offeredHeadersMax: 64,
  /** INVITEs without a final answer, per node: each may hold a call, a room and an RTP port. */
  openInvitesMax: 4_096,
  /** Server transactions in all, most of them answered and kept for 32 s to absorb copies: 1,000 calls a second with their BYEs. */
  serverTransactionsMax: 65_536,
  /** Requests inside one dialog at once, and a second after that: keys by INFO come ten a second. Each is kept for 32 s; a BYE is always taken. */
  dialogRequestsBurst: 200,
  dialogRequestsPerSecond: 50,
  /** TCP and TLS connections of one listener, and of one source of them: a carrier needs a few, a NAT of an office some dozens. */
  connectionsMax: 1_024,
  connectionsPerSourceMax: 64,
  /** A connection on which nothing moves is closed unless a dialog lives on it; phones ping every 30 to 90 s (RFC 5626). */
  connectionIdleMs: 120_000,
  /** Silence after which the kernel asks whether the other side is still there: NATs forget after a minute or more. */
  keepAliveMs: 30_000,
  /** From the first byte of a message to its last. */
  messageMs: 30_000,
  /** Longest TLS handshake, and longest wait for an outgoing connection. */
  handshakeMs: 10_000,
  /** Accepted sockets whose PROXY header or TLS handshake is on its way, in all and of one source; beyond the first the oldest goes. */
  handshakesMax: 512,
  handshakesPerSourceMax: 32,
  /** A PROXY header of version 2 with what balancers add to it (certificates, their own ids). */
  proxyHeaderBytesMax: 1_024,
  /** Unsent bytes after which a peer that does not read is cut off. */
  connectionUnsentBytesMax: 262_144,
} as const;

/** RFC 3261 §17 base timers, ms. */
export const sipTimers = {
  /** Round-trip estimate: first retransmission after this. */
  t1Ms: 500,
  /** Retransmission interval of non-INVITE requests and INVITE responses never exceeds this. */
  t2Ms: 4_000,
  /** The longest a message stays in the network. */
  t4Ms: 5_000,
} as const;

/** How often a phone that rings is said to ring, ms. */
export const sipProvisional = {
  /** A proxy gives up three minutes after the last one; any may be lost (RFC 3261 §13.3.1.1). */
  everyMs: 60_000,
  /** None is lost that has a PRACK (RFC 3262 §3). */
  reliableEveryMs: 150_000,
} as const;

/** Session timers (RFC 4028), s. */
export const sipSession = {
  /** The interval of RFC 4028 §4: a refresh every quarter of an hour. */
  intervalS: 1_800,
  /** The smallest the standard allows (§5); below it the timers cost more than they find. */
  minS: 90,
  /** A longer one is no timer to anybody, and overflows the clock's. */
  maxS: 86_400,
} as const;

/** REFER: how long the new call may take before the transfer counts as failed, ms (livekit/sip: 120 s). */
export const sipReferMs = 120_000;
