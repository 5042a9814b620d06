/**
 * The operations of the HTTP surface as data, by the schemas that check them in the Worker. openapi.ts makes the document from this table, and a
 * test holds the table against the routes of the app.
 */
import * as z from 'zod';
import { callOperations } from './call-operations.ts';
import { capOperations } from './cap-operations.ts';
import { nodeOperations } from './node-operations.ts';
import type { Operation } from './operation.ts';
import { routingOperations } from './routing-operations.ts';
import { webhookOperations } from './webhook-operations.ts';

const generalOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/problems/{code}',
    id: 'readProblem',
    summary: 'What a code of an error means',
    auth: 'none',
    parameters: [{ name: 'code', in: 'path', about: 'Code of an error', schema: z.string() }],
    responses: {
      200: {
        about: 'The kind of error',
        schema: z.object({ code: z.string(), status: z.int(), title: z.string() }),
      },
    },
    problems: ['not-found'],
  },
  {
    method: 'get',
    path: '/v1/openapi.json',
    id: 'readOpenapi',
    summary: 'This document',
    auth: 'none',
    responses: { 200: { about: 'OpenAPI 3.1', schema: z.record(z.string(), z.json()) } },
  },
  {
    method: 'get',
    path: '/health',
    id: 'readHealth',
    summary: 'Whether the Worker runs',
    auth: 'none',
    responses: { 200: { about: 'It does', schema: z.object({ status: z.literal('ok') }) } },
  },
  {
    method: 'get',
    path: '/version',
    id: 'readVersion',
    summary: 'Release, and version of the contract with media nodes',
    auth: 'none',
    responses: {
      200: {
        about: 'The version',
        schema: z.object({ name: z.string(), version: z.string(), contract: z.int() }),
      },
    },
  },
];

export const operations: readonly Operation[] = [
  ...callOperations,
  ...capOperations,
  ...nodeOperations,
  ...routingOperations,
  ...webhookOperations,
  ...generalOperations,
];
