/**
 * The record: what became of one call attempt, refused ones included. `POST /v1/records`, one or a list; sent until acknowledged,
 * counted once by (call_id, sequence). A list is taken whole or refused whole, and its records may be sent alone then.
 */
import * as z from 'zod';
import { type OutcomeReason, outcomeReasons } from '../call/outcome.ts';
import { recordLimits, spoolLimits } from '../limits.ts';
import { callId } from './offer.ts';
import { contractField, contractVersion } from './version.ts';

const at = z.int().min(0).nullable();

/** What a call is: the same in its progress reports and in its record. */
export const callFacts = z.object({
  contract: contractField,
  call_id: callId,
  /** Counts the records of one call from 0. */
  sequence: z.int().min(0),
  sip_call_id: z.string().max(recordLimits.textCharactersMax),
  /** Of the log lines and spans of this call, at the node and at the edge; null: a node that has none. */
  trace_id: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .nullable()
    .default(null),
  from_user: z.string().max(recordLimits.textCharactersMax),
  to_user: z.string().max(recordLimits.textCharactersMax),
  source: z.string().max(64),
  trunk_id: z.string().nullable(),
  rule_id: z.string().nullable(),
  room_name: z.string().nullable(),
  participant_identity: z.string().nullable(),
  revision: z.int().min(0).nullable(),
  /** INVITE received, ms since epoch by the node's clock. */
  invited_at_ms: z.int().min(0),
});

/** Stages, ms after the INVITE by the monotonic clock; null: not reached. */
export const stagesSoFar = z.object({
  /** Taken up: the 100 of a source that is known; who is not known may have another answer first. */
  trying_ms: at,
  decided_ms: at,
  ringing_ms: at,
  joined_ms: at,
  audible_ms: at,
  answered_ms: at,
  acknowledged_ms: at,
  first_audio_from_phone_ms: at,
  first_audio_to_phone_ms: at,
});

export const callRecord = callFacts.extend({
  stages: stagesSoFar.extend({ ended_ms: z.int().min(0) }),
  /** What went over the wire; null when no media was opened. */
  media: z
    .object({
      codec: z.string(),
      packets_received: z.int().min(0),
      packets_sent: z.int().min(0),
      packets_lost: z.int().min(0),
      packets_foreign: z.int().min(0),
      /** RFC 3550 §6.4.1 interarrival jitter, ms. */
      jitter_ms: z.number().min(0),
      /** Of our packets on the way to the phone, by its own reports (RTCP). */
      packets_lost_at_phone: z.int().min(0).default(0),
      /** To the phone and back, ms; null: the phone sends no reports. */
      round_trip_ms: z.number().min(0).nullable().default(null),
      /** How the caller probably sounded (E-model, ITU-T G.107), 1 to 4.5; null: nothing came. */
      mos: z.number().min(1).max(5).nullable().default(null),
    })
    .nullable(),
  reason: z.enum(outcomeReasons as [OutcomeReason, ...OutcomeReason[]]),
  /** Why the call was not answered, and what the caller gave as its reason to hang up where that is out of the ordinary; for people. null: neither. */
  explanation: z.string().max(recordLimits.explanationCharactersMax).nullable().default(null),
  /** Final SIP status sent for the INVITE; null: none was sent. */
  sip_status: z.int().nullable(),
  /** The call was counted against a cap of its trunk (decision.ts, `lease_ms`), and counts no more. */
  leased: z.boolean().default(false),
});

/** Records that a node delivers together. */
export const callRecords = z.array(callRecord).min(1).max(spoolLimits.messageRecordsMax);

export type CallRecord = z.infer<typeof callRecord>;
export type CallFacts = z.infer<typeof callFacts>;
export type StagesSoFar = z.infer<typeof stagesSoFar>;

export const callRecordExample: CallRecord = {
  contract: contractVersion,
  call_id: 'SCL_4xYpQ2mNkT7w',
  sequence: 0,
  sip_call_id: '3848276298220188511@203.0.113.7',
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  from_user: '+15550199',
  to_user: '+15550100',
  source: '203.0.113.7:5060/udp',
  trunk_id: 'ST_9sLmW4kQ2xTz',
  rule_id: 'SDR_7hNcV3pRyB5d',
  room_name: 'support_+15550199',
  participant_identity: 'sip_+15550199',
  revision: 12,
  invited_at_ms: 1_795_000_000_000,
  stages: {
    trying_ms: 1,
    decided_ms: 22,
    ringing_ms: 23,
    joined_ms: 48,
    audible_ms: 61,
    answered_ms: 62,
    acknowledged_ms: 80,
    first_audio_from_phone_ms: 82,
    first_audio_to_phone_ms: 71,
    ended_ms: 60_062,
  },
  media: {
    codec: 'PCMU',
    packets_received: 2_999,
    packets_sent: 3_000,
    packets_lost: 1,
    packets_foreign: 0,
    jitter_ms: 1.2,
    packets_lost_at_phone: 0,
    round_trip_ms: 24.5,
    mos: 4.3,
  },
  reason: 'caller-hung-up',
  explanation: null,
  sip_status: 200,
  leased: false,
};
