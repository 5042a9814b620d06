/**
 * Every number that bounds something, in one place, each with its unit in the name and its reason in
 * a sentence. What a stranger can grow must have its bound here.
 */

export { admissionLimits } from './admission-limits.ts';
export { challengeLimits } from './challenge-limits.ts';
export { capLimits, recordLimits, webhookLimits } from './record-limits.ts';
export { sipLimits, sipProvisional, sipReferMs, sipSession, sipTimers } from './sip-limits.ts';
export { strangerLimits } from './stranger-limits.ts';

/** How long each stage of a call may take, ms. After it the call ends with a reason of the outcome table. */
export const callLimits = {
  /** One question to the edge: then one more try within `decisionTotalMs`. */
  decisionAttemptMs: 2_000,
  /** INVITE to decision: the caller gets 503 in under 4 s when the edge is away. */
  decisionTotalMs: 3_500,
  /** Token in hand to participant in the room: the caller gets 503 in under 5 s when LiveKit is away. */
  roomJoinMs: 4_500,
  /** From the answer to `active` when the phone sends no audio (LiveKit: the same). */
  bridgeMs: 1_000,
  /** Ringing when the trunk does not say otherwise (LiveKit: 3 min). */
  ringingDefaultMs: 180_000,
  ringingMaxMs: 600_000,
  /** A call when the trunk does not say otherwise, and at most (LiveKit: 24 h). */
  durationDefaultMs: 86_400_000,
  durationMaxMs: 86_400_000,
  /** No RTP at all since the answer (LiveKit: 30 s). */
  firstMediaMs: 30_000,
  /** No RTP since the last packet (LiveKit: 15 s); trunk or rule may set up to 10 min. */
  mediaSilenceDefaultMs: 15_000,
  mediaSilenceMaxMs: 600_000,
  /** A caller who was transferred hangs up; one that has not after this gets our BYE (LiveKit: 1 s). */
  transferredByeMs: 1_000,
  /** The answer to lk.sip.EndCall is on its way out of the room for this long before we leave it. */
  lastAnswerMs: 200,
  /** Leaving a room, closing its connection: after this the resources are freed regardless. */
  closeMs: 2_000,
} as const;

/** Bounds of the edge's HTTP surface. */
export const edgeLimits = {
  /** An offer is about 4 KB; a routing document that needs more is sent in parts or by its own route. */
  bodyBytesMax: 65_536,
  /** The whole routing document: one KV value may hold 25 MiB, one Durable Object row 2 MB. */
  routingBodyBytesMax: 10_485_760,
  /** Nesting of a JSON body; deeper is refused before it is walked. */
  jsonDepthMax: 32,
  /** A digest nonce: long enough for a slow phone's second INVITE, short enough to make replay useless. */
  nonceAgeMs: 30_000,
  /** A room token: the node joins at once; a rejoin within the call gets a fresh one from LiveKit. */
  roomTokenTtlS: 600,
  /** Participant attributes: LiveKit refuses more than 64 KB of them in all. */
  attributeBytesMax: 2_048,
  attributesMax: 64,
  /** All names and values together; LiveKit's own bound is 64,000, and the call status grows later. */
  attributesTotalBytesMax: 60_000,
} as const;

/** Bounds of the media side. */
export const mediaLimits = {
  /** An RTP packet larger than an Ethernet frame's payload is not a phone's. */
  rtpPacketBytesMax: 1_500,
  /** Files and sockets that must be left for another session: it takes a dozen, and some are begun at one time. */
  descriptorsLeftMin: 48,
  /** Packets in sequence from one source before it is locked (Asterisk's strictrtp figure). */
  sourceLockPackets: 4,
  /** Audio packets of one call that are decoded, a second and at once: those of 5 ms and their keys twice over, or a stall of some seconds that ends. */
  callPacketsPerSecondMax: 500,
  /** Digits of one call a second, and at once: faster than any dialler, and a number long enough for any. */
  digitsPerSecondMax: 20,
  digitsBurstMax: 64,
  /** A freed RTP port stays bound and discards for this long, so that no late stream enters the next call. */
  portDrainIdleMs: 1_000,
  portDrainMaxMs: 30_000,
  /** Digits and pauses from the room that wait to be sent: two minutes of dialling. */
  digitStepsMax: 512,
} as const;

/** Bounds of the node's spool of call records. */
export const spoolLimits = {
  /** About 1.5 KB each: 15 MB on disk, and in memory. Beyond it a record is lost, loudly. */
  recordsMax: 10_000,
  /** A file that has reached this is removed when nothing of it waits; shorter ones are emptied and go on. */
  fileBytesMax: 1_048_576,
  /** After a message to the edge records wait this long for company: a busy node sends several at a time, the first of a quiet one goes at once. */
  gatherMs: 100,
  /** Records in one message, and their bytes: with brackets and commas below edgeLimits.bodyBytesMax. */
  messageRecordsMax: 32,
  messageBytesMax: 49_152,
  /** First wait after a failed delivery; doubles up to the longest. */
  retryFirstMs: 1_000,
  retryMaxMs: 60_000,
  /** Progress reports that wait for the edge's answer: a second of 256 calls. */
  progressUnderWayMax: 256,
  /** How long the edge may take to acknowledge records: no caller waits, and one that is slow still takes them. */
  answerMs: 10_000,
  /** A node that stops waits this long for the edge; the rest stays on disk. The unit gives it a minute beyond the drain. */
  flushMs: 6_000,
  /** Records that the edge has refused, each in a file of its own until the next start tries it again: 2 MB. */
  refusedMax: 1_000,
} as const;

/** Bounds of what a node keeps of its dialogs, so that it can end them after it was killed. */
export const leftDialogLimits = {
  /** One file a call, under 2 KB: 20 MB on disk, and more calls than a node takes. */
  dialogsMax: 10_000,
  /** Added to the CSeq number kept: a dialog of 24 hours sends fewer requests. */
  numberLeap: 100_000,
  /** Between two BYEs, ms: 100 a second, which a provider takes beside its calls. */
  byeEveryMs: 10,
} as const;

/** Bounds of what the node remembers between the INVITEs of one call. */
export const registryLimits = {
  /** Challenged calls that may come back with credentials; livekit/sip keeps as many. */
  challengedMax: 5_000,
  /** A challenge that is not answered by then becomes a record: as long as a nonce lives. */
  challengeAnswerMs: 30_000,
  /** How often a call may come back after a challenge without counting as a new one: with credentials, and again when their nonce was too old. */
  answersUncounted: 2,
} as const;

/** How old the edge's view of the routing table may be. */
export const routingCacheLimits = {
  /** A manifest in isolate memory is used this long without asking KV. */
  freshMs: 3_000,
  /** KV away: the last good value serves this long, then calls are refused as routing-unavailable. */
  lastGoodMs: 600_000,
  /** Entries not found that one isolate takes to the Durable Object in a second: strangers can cause them. */
  doubtsPerSecond: 50,
  /** KV's own smallest cache time, s. */
  kvCacheTtlS: 30,
  /** A shard never changes: KV may cache it for a day, s. */
  shardCacheTtlS: 86_400,
  /** One read of KV: p99 is about 250 ms where it is cold. After it the last good value serves, or the Durable Object is asked, within the node's own patience. */
  kvPatienceMs: 800,
  /** KV takes one write a second for one key: publishes within this are merged. */
  publishIntervalMs: 1_000,
} as const;

/** Bounds of what a LiveKit server, or the participants behind it, can make a room client keep. */
export const roomLimits = {
  /** An update names every participant that changed: at 1 KB each, a few thousand at once. */
  signalMessageBytesMax: 4_194_304,
  /** Participants remembered; a room beyond this is a broadcast, and its talkers are among the first. */
  membersMax: 5_000,
  /** Remote audio tracks received at one time: more than anybody can follow. */
  receivedTracksMax: 32,
  /** Receive sections in the first offer: an agent, another caller, one more; others cost a new offer. */
  receivedTracksFirst: 3,
  /** Connections to rooms that lie ready in a media process: two calls may come at once, each costs 0.15 MB. */
  connectionsAhead: 2,
  /** Connections to the signalling that lie ready, for the servers of as many joins before. */
  signalSocketsAhead: 2,
  /** From a join to the making of what it took, ms: it needs the processor for some 30 ms. */
  refillMs: 75,
  /** From a request on a connection that lay ready to a look whether it got through: a server answers a join in 5 to 50 ms, under load in some hundred. */
  spareSocketMs: 1_500,
  /** A call outlives a room that is away for this long: a server restarts in a few seconds. */
  rejoinMs: 15_000,
  /** The signalling alone may be away for this long before the room is joined anew; audio goes on meanwhile. */
  resumeMs: 6_000,
  resumeAttemptMs: 2_000,
  /** Seconds in which packets went to the server's media port and none came back: it reports once a second what it has, and a report may be lost. */
  unansweredS: 5,
  /** From the join to media that goes straight to the server; then its relay is tried. A good way needs 20 ms, a bad one a second. */
  directMs: 1_500,
  /** What was learnt about a server: TURN credentials of LiveKit live 300 s. */
  serverKnownMs: 120_000,
  serversKnownMax: 64,
  /** One attempt to come back, and the longest pause between two. */
  rejoinAttemptMs: 4_000,
  rejoinPauseMaxMs: 2_000,
  /** Without an answer to our pings; the server's own figure counts when it is shorter. */
  pingTimeoutMs: 15_000,
} as const;

/** Bounds of calls behind a PIN. */
export const pinLimits = {
  /** LiveKit's figure; more cannot be right. */
  digitsMax: 16,
  /** Between two digits, and from the end of the prompt to the first. */
  betweenDigitsMs: 10_000,
  /** One attempt in all, prompt included. */
  attemptMs: 60_000,
  /** Attempts in one call; LiveKit gives one. */
  attemptsDefault: 3,
  attemptsMax: 10,
  /** From the prompt to the last digit of the last attempt. */
  ticketAgeMs: 180_000,
  /** Headers of the INVITE that travel in the ticket: the body of a PIN answer is bounded like any other. */
  ticketHeaderBytesMax: 16_384,
  /** Sealed and in base64. */
  ticketCharactersMax: 49_152,
  /** Wrong PINs of one caller, and from one address, to one trunk within lockoutMs before they are locked out. */
  wrongPerCallerMax: 10,
  wrongPerSourceMax: 100,
  /** How long a lockout lasts, and how long wrong PINs are remembered. */
  lockoutMs: 900_000,
  /** Objects that share the counting, and callers that each remembers. */
  lockoutObjects: 16,
  lockoutRowsMax: 20_000,
  /** So many may be there beyond for a while: to find the oldest at each would read them all, and reads of Durable Objects are paid for. */
  lockoutBeyondMax: 1_000,
} as const;

/** Bounds of the history of the routing table and of what its requests leave behind. */
export const revisionLimits = {
  /** Revisions that can be shown, compared and gone back to. */
  keptMax: 1_000,
  /** Objects before and after, over all kept revisions; the object as a whole may hold 10 GB. */
  keptBytesMax: 1_073_741_824,
  /** Objects in one answer to a diff; the rest is counted. */
  diffObjectsMax: 1_000,
  /** An idempotency key is remembered for a day, as webhook senders retry. */
  answerAgeMs: 86_400_000,
  idempotencyKeyCharactersMax: 256,
  /** One trunk or rule: 60,000 numbers. SQLite of a Durable Object takes 2 MB in a row. */
  objectBytesMax: 1_000_000,
  /** Objects in one answer to a list without page; beyond it the client must page. */
  listItemsMax: 20_000,
} as const;

/** Bounds of publishing the routing table to KV. */
export const publishLimits = {
  /** Shards built and held in memory at once. */
  shardsAtOnce: 64,
  /** KV operations in one run of the alarm; a Worker may do 1,000. */
  operationsMax: 640,
  /** A shard that no manifest names stays this long: isolates and KV caches may still hold an old manifest. */
  unusedShardAgeMs: 3_600_000,
  /** Unused shards deleted in one run. */
  deletesAtOnce: 64,
  /**
   * Memory of an isolate, which has 128 MB and is to stay under 64, Worker and routing table together: 10 for the program, and the bounds that follow.
   * Texts of shards that the Worker keeps: the shards of 200,000 numbers.
   */
  shardCacheBytesMax: 16_777_216,
  /** Parts of numbers that were called, compiled: 4,000 of them. Another first call to a number costs a tenth of a millisecond. */
  partCacheBytesMax: 12_582_912,
  /** Texts of shards that the routing table keeps between two changes: what Workers ask for before KV has it. */
  builtShardBytesMax: 4_194_304,
  /** Trunks that the routing table keeps while it publishes, as it meets each in many shards. */
  rememberedTrunkBytesMax: 8_388_608,
} as const;

/** Bounds of the link between node and edge. */
export const linkLimits = {
  /** A command carries up to commandLimits.headersMax headers. */
  messageCharactersMax: 65_536,
  /** The node asks whether the link lives after this much silence, ms, and gives the answer this long. Answered by the runtime, asleep. */
  pingMs: 3_000,
  pongMs: 4_000,
  /** A new revision is published when the linked nodes have heard of it, or after this: a node in another part of the world needs 100 ms. */
  toldFirstMs: 250,
  /** The node tells how it is this often, and at once when it begins or ceases to have calls, to be full, to drain. */
  statusMs: 10_000,
  /** Having calls, being full, and no longer, is told this often at most. */
  newsMs: 1_000,
  /** A node with calls that was not heard for this long is lost, ms: two pings have failed. The least that may be set; at most, after this nobody takes a node back. */
  lostMs: 8_000,
  lostMinMs: 8_000,
  lostMaxMs: 600_000,
  /** How often the edge looks whether a node with calls still lives, ms. A node without calls is not looked after. */
  watchMs: 2_000,
  handshakeMs: 5_000,
  /** Another process says that it is the node: the one that is linked has this long to answer, ms. Within a handshake. */
  probeMs: 3_000,
  /** First wait after a broken link, ms; doubles up to the longest; the second half of each is jitter. */
  retryFirstMs: 500,
  retryMaxMs: 30_000,
  /** The longest while calls are up: an edge that comes back must hear of the node before it takes it for lost, even one that goes again after a second. */
  retryBusyMaxMs: 1_000,
} as const;

/** The hello of a node. */
export const helloLimits = {
  /** First wait after one that failed, ms; doubles up to the longest. */
  retryFirstMs: 1_000,
  retryMaxMs: 30_000,
  /** How often it is said again: a clock that goes wrong is named within the hour. */
  againMs: 3_600_000,
  /** A clock that is further off than nonces live is named, ms. */
  clockSkewMs: 30_000,
} as const;

/** Codes and tokens of nodes. */
export const enrolmentLimits = {
  /** A code is typed in on the machine within the hour, or made anew. */
  codeMs: 3_600_000,
  /** After a rotation the token before still counts: requests under way carry it, and a node reads its file every 2 s. */
  overlapMs: 600_000,
} as const;

/** Bounds of what a node can be told to do. */
export const commandLimits = {
  /** Every command but a transfer is obeyed at once; the way there and back may cross an ocean. */
  answerMs: 5_000,
  /** Commands of one node that wait for their result. */
  pendingMax: 256,
  headersMax: 32,
  /** As LiveKit bounds header names and values. */
  headerNameCharactersMax: 255,
  headerValueCharactersMax: 1_024,
  targetCharactersMax: 512,
  /** A transfer whose request names no time (LiveKit: 30 s), and at most (sipReferMs). */
  transferMs: 30_000,
  /** A drain that names no deadline, ms: most calls have ended by then. */
  drainMs: 600_000,
} as const;

/** Bounds of what the edge knows of calls that are up. */
export const liveCallLimits = {
  /** Objects that share them: each takes some 200 writes a second. */
  objects: 16,
  /** Calls of a lost node that are closed in one go: each asks LiveKit once. */
  lostAtOnce: 200,
  /** No call is longer than a day (callLimits.durationMaxMs); its record may be late. */
  keepMs: 172_800_000,
  sweepMs: 21_600_000,
} as const;

/** What the edge itself asks of LiveKit. */
export const livekitApiLimits = {
  timeoutS: 5,
} as const;

/** Bounds of a media process. */
export const mediaProcessLimits = {
  /** It tells of itself every second; one that is silent for this long hangs and is killed. */
  silenceMs: 10_000,
  /** From the wish that it ends to force: rooms are left within callLimits.closeMs. */
  stopMs: 5_000,
  /** Sessions in each process before another one begins, where processes come as calls need them: they take half a core, and an idle process 40 MB. */
  sessionsBeforeNext: 64,
  /** A process that grows beyond this takes no more calls; 60 calls need about 150 MB. */
  residentBytesMax: 1_073_741_824,
  /** And after so many calls, whatever native code may have kept. */
  sessionsServedMax: 50_000,
  /** One that lived this long has not died at its start: its successor begins at once. */
  steadyMs: 10_000,
  restartPauseMaxMs: 30_000,
} as const;
