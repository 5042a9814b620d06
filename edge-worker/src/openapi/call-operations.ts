/** Operations of media nodes, and what operators read of calls. */
import { decision } from '@callgate/shared/contract/decision.ts';
import { callId, offer } from '@callgate/shared/contract/offer.ts';
import { pinAnswer } from '@callgate/shared/contract/pin.ts';
import { callRecord } from '@callgate/shared/contract/record.ts';
import * as z from 'zod';
import type { Operation } from './operation.ts';
import { trace } from './trace-schema.ts';

const at = z.int().describe('ms since epoch');

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
    summary: 'A media node delivers what became of a call',
    auth: 'node',
    request: { schema: callRecord },
    responses: {
      200: { about: 'It had come before', schema: z.object({ counted: z.literal(false) }) },
      201: { about: 'Counted', schema: z.object({ counted: z.literal(true) }) },
    },
  },
  {
    method: 'get',
    path: '/v1/calls/{id}',
    id: 'readCall',
    summary: 'The records of a call, and why it was refused',
    auth: 'operator',
    parameters: [{ name: 'id', in: 'path', about: 'Call id', schema: callId }],
    responses: {
      200: {
        about: 'The call',
        schema: z.object({
          call_id: callId,
          records: z.array(z.object({ node: z.string(), received_at_ms: at, record: callRecord })),
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
];
