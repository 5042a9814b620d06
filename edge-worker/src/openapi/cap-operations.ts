/** Operations of the caps on calls of trunks. */
import { leaseReport } from '@callgate/shared/contract/lease.ts';
import * as z from 'zod';
import type { Operation } from './operation.ts';

export const capOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/leases',
    id: 'reportLeases',
    summary: 'A media node says which counted calls live, and which have ended',
    auth: 'node',
    request: { schema: leaseReport },
    responses: {
      200: { about: 'Noted', schema: z.object({ held: z.int(), ended: z.int() }) },
    },
  },
  {
    method: 'get',
    path: '/v1/trunks/{id}/calls',
    id: 'countCalls',
    summary: 'How many calls of a trunk with max_calls count now',
    auth: 'operator',
    parameters: [{ name: 'id', in: 'path', about: 'Id of the trunk', schema: z.string().max(128) }],
    responses: {
      200: {
        about: 'The count; 0 for a trunk without caps',
        schema: z.object({ trunk_id: z.string(), counted: z.int() }),
      },
    },
  },
];
