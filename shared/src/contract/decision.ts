/**
 * The decision: what the edge answers to an offer (offer.ts) or to a PIN (pin.ts). The node obeys it and
 * needs nothing else for the whole call.
 */
import * as z from 'zod';
import { type OutcomeReason, outcomeReasons } from '../call/outcome.ts';
import { challengeLimits } from '../limits.ts';
import { callSounds } from './call-sounds.ts';

const reason = z.enum(outcomeReasons as [OutcomeReason, ...OutcomeReason[]]);

/** Media policy of trunk and rule, merged. Codec names as in SDP, rate in Hz. */
export const mediaPolicy = z.object({
  only_listed_codecs: z.boolean(),
  codecs: z.array(z.object({ name: z.string(), rate: z.int().min(0) })),
  encryption: z.enum(['disable', 'allow', 'require']),
  /** What the caller hears of the node; left out: English prompts, European ringback, nothing before the answer. */
  sounds: callSounds.optional(),
});

/** 401 carries WWW-Authenticate, 407 Proxy-Authenticate. */
const challengeStatus = z.union([z.literal(401), z.literal(407)]);

/** How long each stage may take, ms. */
export const decisionLimits = z.object({
  ringing_timeout_ms: z.int().positive(),
  max_call_duration_ms: z.int().positive(),
  media_timeout_ms: z.int().positive(),
});

const common = {
  /** Revision of the routing table that decided. */
  revision: z.int().min(0),
  /** Trunk that took the call; null: none matched and the deployment allows that. */
  trunk_id: z.string().nullable(),
};

/** The call counts against a cap of its trunk for this long, ms; the node says that it lives before that is over (lease.ts). Absent: it is not counted. */
const lease_ms = z.int().positive().optional();

/** The caller is let in by its credentials: its trunk asks for some, and they were right. Absent: it asks for none, or the edge does not tell. */
const credentials_are_right = z.boolean().optional();

/**
 * What the edge would answer to any INVITE without credentials that comes from the same source address to the same called user, at this revision and by this trunk: a node that is
 * linked, and knows of no newer revision, may say it without asking. Absent: it is not certain, no password was asked for, or the edge does not tell.
 */
export const nextChallenge = z.object({
  status: challengeStatus,
  realm: z.string().max(challengeLimits.realmCharactersMax),
  /** As in `algorithm=`, strongest first. */
  algorithms: z
    .array(z.string().regex(/^[A-Za-z0-9-]{1,32}$/))
    .min(1)
    .max(challengeLimits.algorithmsMax),
  /** Makes nonces (shared/src/sip/digest-challenge.ts) for this source and realm, hex. A secret, for a short while. */
  nonce_key: z.string().regex(/^[0-9a-f]{64}$/),
  /** The edge's clock when it answered, ms since epoch: the time of a nonce is this and what has passed since, whatever the node's clock says. */
  issued_at_ms: z.int().positive(),
  /** How long from then on the key makes nonces that the edge takes, ms. */
  good_ms: z.int().positive(),
});

const next_challenge = nextChallenge.optional();

/** Put the caller into this room. */
export const joinDecision = z.object({
  kind: z.literal('join'),
  ...common,
  lease_ms,
  credentials_are_right,
  next_challenge,
  rule_id: z.string(),
  room: z.object({
    name: z.string(),
    /** WebSocket or HTTP URL of LiveKit. */
    url: z.url(),
    /** Room token: this room, this identity, kind SIP, attributes and room configuration inside. A secret. */
    token: z.string(),
  }),
  participant: z.object({ identity: z.string(), name: z.string() }),
  limits: decisionLimits,
  media: mediaPolicy,
  /** Headers for the 200 OK. */
  headers: z.record(z.string(), z.string()),
  /** Participant attribute -> header, for 200, BYE and REFER. */
  attributes_to_headers: z.record(z.string(), z.string()),
});

/** Ask the caller for credentials (RFC 3261 §22). */
export const challengeDecision = z.object({
  kind: z.literal('challenge'),
  ...common,
  status: challengeStatus,
  /** One header value per algorithm, strongest first. */
  challenges: z.array(z.string()).min(1),
  /** `bad-credentials` when an answer was given and is wrong; else `challenge-unanswered`. */
  reason,
  /**
   * With `bad-credentials`: whether the answer was one to a challenge of this call, so that a password was tried. Who sends under a forged address, or keeps a
   * nonce of another call, has tried none. Absent: an edge that does not tell.
   */
  is_guess: z.boolean().optional(),
});

/** Answer, ask for a PIN and come back with it (pin.ts). */
export const askPinDecision = z.object({
  kind: z.literal('ask-pin'),
  ...common,
  lease_ms,
  credentials_are_right,
  next_challenge,
  /** Sealed by the edge, bound to this call; the node hands it back with the digits. */
  ticket: z.string(),
  /** How often the caller may try. */
  attempts_left: z.int().min(0),
  limits: decisionLimits,
  media: mediaPolicy,
});

/** Refuse with the answer of the outcome table. */
export const refuseDecision = z.object({
  kind: z.literal('refuse'),
  ...common,
  reason,
  /** A sentence a person understands: which step refused and why. No secrets, no PIN. */
  explanation: z.string(),
});

/** Say nothing at all. */
export const dropDecision = z.object({ kind: z.literal('drop'), ...common, reason });

export const decision = z.discriminatedUnion('kind', [
  joinDecision,
  challengeDecision,
  askPinDecision,
  refuseDecision,
  dropDecision,
]);

export type Decision = z.infer<typeof decision>;
export type JoinDecision = z.infer<typeof joinDecision>;
export type AskPinDecision = z.infer<typeof askPinDecision>;
export type ChallengeDecision = z.infer<typeof challengeDecision>;
export type RefuseDecision = z.infer<typeof refuseDecision>;
export type NextChallenge = z.infer<typeof nextChallenge>;
export type MediaPolicy = z.infer<typeof mediaPolicy>;
export type DecisionLimits = z.infer<typeof decisionLimits>;

const limitsExample: DecisionLimits = {
  ringing_timeout_ms: 180_000,
  max_call_duration_ms: 86_400_000,
  media_timeout_ms: 15_000,
};
const mediaExample: MediaPolicy = { only_listed_codecs: false, codecs: [], encryption: 'disable' };

/** One example of each kind, used by tests and documentation. */
export const decisionExamples: {
  readonly [K in Decision['kind']]: Extract<Decision, { kind: K }>;
} = {
  join: {
    kind: 'join',
    revision: 12,
    trunk_id: 'ST_9sLmW4kQ2xTz',
    credentials_are_right: true,
    next_challenge: {
      status: 407,
      realm: 'LiveKit',
      algorithms: ['SHA-256', 'MD5'],
      nonce_key: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      issued_at_ms: 1_795_000_000_000,
      good_ms: 120_000,
    },
    rule_id: 'SDR_7hNcV3pRyB5d',
    room: { name: 'support_+15550199', url: 'wss://livekit.example.com', token: 'eyJhbGciOi…' },
    participant: { identity: 'sip_+15550199', name: 'Phone +15550199' },
    limits: limitsExample,
    media: mediaExample,
    headers: { 'X-Served-By': 'callgate' },
    attributes_to_headers: {},
  },
  challenge: {
    kind: 'challenge',
    revision: 12,
    trunk_id: 'ST_9sLmW4kQ2xTz',
    status: 407,
    challenges: ['Digest realm="LiveKit", nonce="…", algorithm=MD5, qop="auth"'],
    reason: 'challenge-unanswered',
  },
  'ask-pin': {
    kind: 'ask-pin',
    revision: 12,
    trunk_id: 'ST_9sLmW4kQ2xTz',
    ticket: 'v1.b64…',
    attempts_left: 3,
    limits: limitsExample,
    media: mediaExample,
  },
  refuse: {
    kind: 'refuse',
    revision: 12,
    trunk_id: null,
    reason: 'no-trunk',
    explanation: 'No trunk has +15550100 among its numbers.',
  },
  drop: { kind: 'drop', revision: 12, trunk_id: null, reason: 'stranger-dropped' },
};
