/** Operations of and on media nodes. */
import { nodeTokenAnswer } from '@callgate/shared/contract/enrolment.ts';
import { nodeHello, nodeName, nodeWelcome } from '@callgate/shared/contract/hello.ts';
import { nodeStatus } from '@callgate/shared/contract/link.ts';
import * as z from 'zod';
import { drainRequest, enrolRequest, logLevelRequest } from '../nodes/operator-requests.ts';
import type { Operation, Parameter } from './operation.ts';

const at = z.int().describe('ms since epoch');

const name: Parameter = { name: 'name', in: 'path', about: 'Name of the node', schema: nodeName };
const done = { 200: { about: 'Done', schema: z.object({ done: z.literal(true) }) } };
const told: Pick<Operation, 'problems'> = {
  problems: ['not-found', 'command-refused', 'node-away', 'node-silent'],
};

export const nodeOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/nodes/hello',
    id: 'sayHello',
    summary: 'A media node starts',
    auth: 'node',
    request: { schema: nodeHello },
    responses: { 200: { about: 'Welcome', schema: nodeWelcome } },
    problems: ['contract-version', 'forbidden'],
  },
  {
    method: 'post',
    path: '/v1/nodes/{name}/codes',
    id: 'makeNodeCode',
    summary:
      'A one-time code that a machine trades for the token of this node; it is not shown again',
    auth: 'operator',
    parameters: [name],
    responses: {
      201: { about: 'The code', schema: z.object({ code: z.string(), expires_at_ms: at }) },
    },
  },
  {
    method: 'post',
    path: '/v1/nodes/enrol',
    id: 'enrolNode',
    summary: 'Trade a one-time code for a token; the code is the credential',
    auth: 'none',
    request: { schema: enrolRequest },
    responses: { 201: { about: 'The token, which is not shown again', schema: nodeTokenAnswer } },
    problems: ['unauthenticated'],
  },
  {
    method: 'post',
    path: '/v1/nodes/rotate',
    id: 'rotateNodeToken',
    summary: 'Trade the token in force for a new one; the old one counts for another ten minutes',
    auth: 'node',
    responses: { 201: { about: 'The token, which is not shown again', schema: nodeTokenAnswer } },
    problems: ['command-refused'],
  },
  {
    method: 'post',
    path: '/v1/nodes/{name}/revoke',
    id: 'revokeNode',
    summary: 'Put a node out: its token, its link and its calls end at once',
    auth: 'operator',
    parameters: [name],
    responses: done,
    problems: ['command-refused', 'not-found'],
  },
  {
    method: 'get',
    path: '/v1/nodes/link',
    id: 'linkNode',
    summary:
      'WebSocket that tells a media node revisions and commands, and the edge how the node is',
    auth: 'node',
    responses: { 101: { about: 'The link', schema: null } },
    problems: ['upgrade-required'],
  },
  {
    method: 'get',
    path: '/v1/nodes',
    id: 'listNodes',
    summary: 'All media nodes: their links, what they take and how much of it is used',
    auth: 'operator',
    responses: {
      200: {
        about: 'The nodes by name',
        schema: z.object({
          nodes: z.array(
            z.object({
              name: nodeName,
              enrolled_at_ms: at.nullable().describe('null: its token stands in NODE_TOKENS'),
              link: z
                .object({
                  protocol: z.string(),
                  linked_at_ms: at,
                  heard_at_ms: at,
                  revision: z.int().describe('Routing revision that the node has seen'),
                  status: nodeStatus.nullable(),
                })
                .nullable(),
            }),
          ),
        }),
      },
    },
  },
  {
    method: 'post',
    path: '/v1/nodes/{name}/drain',
    id: 'drainNode',
    summary: 'Take no new calls (503 with Retry-After); calls that are up go on to a deadline',
    auth: 'operator',
    parameters: [name],
    request: { schema: drainRequest },
    responses: done,
    ...told,
  },
  {
    method: 'post',
    path: '/v1/nodes/{name}/undrain',
    id: 'undrainNode',
    summary: 'Take calls again',
    auth: 'operator',
    parameters: [name],
    responses: done,
    ...told,
  },
  {
    method: 'post',
    path: '/v1/nodes/{name}/log-level',
    id: 'setNodeLogLevel',
    summary: 'Write more or less to the log of a node, until it is started again',
    auth: 'operator',
    parameters: [name],
    request: { schema: logLevelRequest },
    responses: done,
    ...told,
  },
];
