/** Operations of media nodes, and what operators read of calls. */
import { decision } from '@callgate/shared/contract/decision.ts';
import { callId, offer } from '@callgate/shared/contract/offer.ts';
import { pinAnswer } from '@callgate/shared/contract/pin.ts';
import { callProgress } from '@callgate/shared/contract/progress.ts';
import { callRecord, callRecords } from '@callgate/shared/contract/record.ts';
import * as z from 'zod';
import { hangupRequest } from '../live/hangup-request.ts';
import { callsParameters } from '../records/calls-query.ts';
import type { Operation } from './operation.ts';
import { trace } from './trace-schema.ts';

const at = z.int().describe('ms since epoch');

const end = {
  reason: z.string().nullable(),
  result: z.string().nullable(),
  fault: z.string().nullable(),
  ended_by: z.enum(['caller', 'application', 'network', 'callgate']).nullable(),
  sip_status: z.int().nullable(),
  explanation: z.string().nullable().describe('Why it was not answered'),
};
const id = z.string().nullable();

const callSummary = z.object({
  call_id: callId,
  sequence: z.int(),
  state: z.enum(['live', 'answered', 'unanswered', 'refused']),
  node: z.string(),
  received_at_ms: at,
  invited_at_ms: at,
  from_user: z.string(),
  to_user: z.string(),
  source: z.string(),
  sip_call_id: z.string(),
  trunk_id: id,
  rule_id: id,
  room_name: id,
  participant_identity: id,
  revision: z.int().nullable(),
  duration_ms: z.int().nullable().describe('From answer to end'),
  ...end,
  codec: id,
  mos: z.number().nullable(),
});

const attemptOf = (record: z.ZodType) =>
  z.object({
    node: z.string(),
    received_at_ms: at,
    ...end,
    timeline: z.array(z.object({ after_ms: z.int(), step: z.string() })),
    record,
    trace: trace
      .nullable()
      .describe('The dry run on the revision that decided; null when that is not kept any more'),
  });

const aboutParameter: Readonly<Record<keyof typeof callsParameters, string>> = {
  since: 'INVITE at this time or later: ms since epoch or ISO 8601',
  until: 'INVITE before this time',
  reason: 'Reason of the table of outcomes',
  trunk: 'Id of the trunk',
  rule: 'Id of the rule',
  room: 'Name of the room',
  node: 'Name of the media node',
  from: 'Number or name of the caller, compared as trunks compare it',
  to: 'Called number',
  state: 'Calls that live, were answered, rang only, or were not let in',
  cursor: 'next_cursor of the page before',
  limit: 'Calls in a page',
};

export const callOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/offers',
    id: 'decideOffer',
    summary: 'A media node asks what to do with an INVITE',
    auth: 'node',
    request: { schema: offer },
    responses: { 200: { about: 'The decision', schema: decision } },
    problems: ['contract-version', 'routing-unavailable'],
  },
  {
    method: 'post',
    path: '/v1/offers/{id}/pin',
    id: 'decidePin',
    summary: 'A media node brings the digits of a PIN',
    auth: 'node',
    parameters: [{ name: 'id', in: 'path', about: 'Call id', schema: callId }],
    request: { schema: pinAnswer },
    responses: { 200: { about: 'The decision', schema: decision } },
    problems: ['contract-version', 'routing-unavailable'],
  },
  {
    method: 'post',
    path: '/v1/records',
    id: 'addRecord',
    summary: 'A media node delivers what became of a call, or of several',
    auth: 'node',
    request: { schema: z.union([callRecord, callRecords]) },
    responses: {
      200: {
        about: 'It had come before; of a list, which have not',
        schema: z.object({ counted: z.union([z.literal(false), z.array(z.boolean())]) }),
      },
      201: { about: 'Counted', schema: z.object({ counted: z.literal(true) }) },
    },
  },
  {
    method: 'post',
    path: '/v1/progress',
    id: 'addProgress',
    summary: 'A media node tells how far a call has come',
    auth: 'node',
    request: { schema: callProgress },
    responses: {
      200: {
        about: 'Noted; counted is false when as much was known',
        schema: z.object({ counted: z.boolean() }),
      },
    },
  },
  {
    method: 'get',
    path: '/v1/calls',
    id: 'listCalls',
    summary: 'Calls, newest first',
    auth: 'operator',
    parameters: Object.entries(callsParameters).map(([name, schema]) => ({
      name,
      in: 'query',
      about: aboutParameter[name as keyof typeof callsParameters],
      schema,
    })),
    responses: {
      200: {
        about: 'A page of the list',
        schema: z.object({ calls: z.array(callSummary), next_cursor: z.string().nullable() }),
      },
    },
    problems: ['bad-field'],
  },
  {
    method: 'get',
    path: '/v1/calls/{id}',
    id: 'readCall',
    summary: 'The records of a call with its timeline, and why it was decided as it was',
    auth: 'operator',
    parameters: [{ name: 'id', in: 'path', about: 'Call id', schema: callId }],
    responses: {
      200: {
        about: 'The call',
        schema: z.object({
          call_id: callId,
          records: z.array(attemptOf(callRecord)),
          live: z.array(attemptOf(callProgress)).describe('Attempts that have not ended'),
          refusal: z
            .object({
              node: z.string(),
              revision: z.int(),
              reason: z.string(),
              explanation: z.string(),
              trace,
            })
            .nullable(),
        }),
      },
    },
    problems: ['not-found'],
  },
  {
    method: 'post',
    path: '/v1/calls/{id}/hangup',
    id: 'hangUpCall',
    summary: 'End a call that is up: BYE with these headers, or 486 while it rings',
    auth: 'operator',
    parameters: [{ name: 'id', in: 'path', about: 'Call id', schema: callId }],
    request: { schema: hangupRequest },
    responses: { 200: { about: 'Done', schema: z.object({ done: z.literal(true) }) } },
    problems: ['not-found', 'command-refused', 'node-away', 'node-silent'],
  },
];
