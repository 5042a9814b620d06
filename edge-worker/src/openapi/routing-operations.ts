/** Operations on the routing table. */
import * as z from 'zod';
import type { ProblemCode } from '../http/problem.ts';
import { simulationRequest } from '../simulation/simulation-request.ts';
import type { Operation, Parameter } from './operation.ts';
import { trace } from './trace-schema.ts';

const at = z.int().describe('ms since epoch');
const protoJson = (message: string) =>
  z
    .record(z.string(), z.json())
    .describe(`livekit.${message} as proto JSON, snake_case or camelCase`);
const document = z.object({
  trunks: z.array(protoJson('SIPInboundTrunkInfo')),
  rules: z.array(protoJson('SIPDispatchRuleInfo')),
});
const patch = z.object({
  trunks: z
    .union([
      document.shape.trunks,
      z.record(z.string(), protoJson('SIPInboundTrunkInfo').nullable()),
    ])
    .optional()
    .describe('An array replaces all; an object is a merge patch by id, null deletes'),
  rules: z
    .union([
      document.shape.rules,
      z.record(z.string(), protoJson('SIPDispatchRuleInfo').nullable()),
    ])
    .optional(),
});
const finding = z.object({
  code: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  kind: z.enum(['trunk', 'rule']),
  id: z.string(),
  field: z.string(),
  sentence: z.string(),
  advice: z.string(),
});
const lint = z.object({
  findings: z.array(finding),
  is_cut: z.boolean().describe('There is more to look at than was looked at'),
});
const diff = z.array(
  z.object({
    kind: z.enum(['trunk', 'rule']),
    id: z.string(),
    change: z.enum(['added', 'removed', 'changed']),
    fields: z.record(z.string(), z.object({ before: z.json(), after: z.json() })),
  }),
);
const changed = z.object({
  revision: z.int(),
  dry_run: z.boolean(),
  changed: z.int().describe('Objects that differ'),
  diff,
  lint,
});
const revision = z.object({
  revision: z.int(),
  author: z.string(),
  at: z.iso.datetime(),
  source: z.string(),
  changes: z.int(),
});
const simulation = z.object({
  outcome: z.enum(['accept', 'request-pin', 'refuse', 'error']),
  reason: z.string().nullable(),
  sip_status: z.int().nullable(),
  explanation: z.string(),
  trunk: z.string().nullable(),
  match_type: z.enum(['specific', 'default']).nullable(),
  rule: z.string().nullable(),
  set_valid: z.boolean(),
  skipped: z.array(z.string()),
  evaluation: z.record(z.string(), z.json()).optional(),
  trace,
});

const ifMatch: Parameter = {
  name: 'If-Match',
  in: 'header',
  about: 'ETag of the revision that the change is made on, such as "12"',
  schema: z.string().optional(),
};
const idempotencyKey: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  about: 'The same key with the same request gets the first answer for a day',
  schema: z.string().max(256).optional(),
};
const dryRun: Parameter = {
  name: 'dry_run',
  in: 'query',
  about: '1: answer diff and lint, store nothing',
  schema: z.enum(['0', '1']).optional(),
};
const revisionNumber: Parameter = {
  name: 'number',
  in: 'path',
  about: 'Number of a revision',
  schema: z.int().min(1),
};
const changeParameters = [ifMatch, idempotencyKey, dryRun];
const changeProblems: readonly ProblemCode[] = [
  'routing-invalid',
  'revision-mismatch',
  'idempotency-key-reused',
  'body-too-large',
];
const changeAnswer = { 200: { about: 'Accepted, or what would be', schema: changed } };

export const routingOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/routing',
    id: 'readRouting',
    summary: 'The routing table as one document',
    auth: 'operator',
    responses: {
      200: {
        about: 'The document; ETag is its revision',
        schema: document.extend({ revision: z.int() }),
      },
    },
  },
  {
    method: 'put',
    path: '/v1/routing',
    id: 'replaceRouting',
    summary: 'Replace the routing table',
    auth: 'operator',
    parameters: changeParameters,
    request: { schema: document },
    responses: changeAnswer,
    problems: changeProblems,
  },
  {
    method: 'patch',
    path: '/v1/routing',
    id: 'patchRouting',
    summary: 'Change the routing table by a JSON Merge Patch (RFC 7396)',
    auth: 'operator',
    parameters: changeParameters,
    request: { schema: patch, types: ['application/merge-patch+json', 'application/json'] },
    responses: changeAnswer,
    problems: changeProblems,
  },
  {
    method: 'post',
    path: '/v1/routing/simulate',
    id: 'simulateCall',
    summary: 'What would become of a call, and why',
    auth: 'operator',
    request: { schema: simulationRequest },
    responses: { 200: { about: 'The verdict with its trace', schema: simulation } },
    problems: ['not-found', 'body-too-large'],
  },
  {
    method: 'get',
    path: '/v1/routing/lint',
    id: 'lintRouting',
    summary: 'What in the table can never match, and what is risky',
    auth: 'operator',
    responses: { 200: { about: 'Findings', schema: lint } },
  },
  {
    method: 'get',
    path: '/v1/routing/status',
    id: 'readStatus',
    summary: 'Which revision is where',
    auth: 'operator',
    responses: {
      200: {
        about: 'The state',
        schema: z.object({
          revision: z.int(),
          changed_at_ms: at,
          published_revision: z.int().describe('In KV'),
          published_at_ms: at,
          age_ms: z.int().describe('Since the last change'),
          nodes: z.array(
            z.object({ name: z.string(), linked_at_ms: at, revision: z.int(), seen_at_ms: at }),
          ),
        }),
      },
    },
  },
  {
    method: 'get',
    path: '/v1/routing/revisions',
    id: 'listRevisions',
    summary: 'The history of the table, the newest first',
    auth: 'operator',
    parameters: [
      { name: 'before', in: 'query', about: 'Older than this one', schema: z.int().optional() },
    ],
    responses: {
      200: { about: 'Up to 100', schema: z.object({ revisions: z.array(revision) }) },
    },
  },
  {
    method: 'get',
    path: '/v1/routing/revisions/{number}',
    id: 'readRevision',
    summary: 'The table as it was',
    auth: 'operator',
    parameters: [revisionNumber],
    responses: { 200: { about: 'The document then', schema: document.extend(revision.shape) } },
    problems: ['not-found'],
  },
  {
    method: 'get',
    path: '/v1/routing/revisions/{number}/diff',
    id: 'diffRevision',
    summary: 'What a revision changed',
    auth: 'operator',
    parameters: [revisionNumber],
    responses: { 200: { about: 'The change', schema: revision.extend({ diff }) } },
    problems: ['not-found'],
  },
  {
    method: 'post',
    path: '/v1/routing/revisions/{number}/rollback',
    id: 'rollBack',
    summary: 'Bring the table back to what it was, by a new revision',
    auth: 'operator',
    parameters: [revisionNumber, ...changeParameters],
    responses: changeAnswer,
    problems: ['not-found', ...changeProblems],
  },
  {
    method: 'post',
    path: '/hooks/routing',
    id: 'routingHook',
    summary: 'Change the table by a message signed per Standard Webhooks',
    auth: 'webhook',
    request: {
      schema: z.object({
        type: z.enum(['routing.replace', 'routing.patch']),
        timestamp: z.string().optional(),
        data: z.looseObject({ expected_revision: z.int().optional() }),
      }),
    },
    responses: changeAnswer,
    problems: ['bad-signature', 'not-found', ...changeProblems],
  },
];
