/** The OpenAPI 3.1 document of the Worker, made from operations.ts. `npm run openapi` writes it to docs/openapi.json. The Worker serves the same. */
import * as z from 'zod';
import manifest from '../../../package.json' with { type: 'json' };
import { type ProblemCode, problemKind } from '../http/problem.ts';
import type { Operation, Parameter } from './operation.ts';
import { operations } from './operations.ts';

/** Errors that any operation with a body, or with a credential, may answer. */
const bodyProblems: readonly ProblemCode[] = [
  'bad-json',
  'bad-field',
  'unsupported-media-type',
  'body-too-large',
];
const authProblems: Readonly<Record<Operation['auth'], readonly ProblemCode[]>> = {
  node: ['unauthenticated'],
  operator: ['unauthenticated', 'forbidden'],
  webhook: [],
  none: [],
};
const security = { node: [{ node: [] }], operator: [{ operator: [] }], webhook: [], none: [] };

export function openapiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const path = paths[operation.path] ?? {};
    path[operation.method] = describeOperation(operation);
    paths[operation.path] = path;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Callgate edge',
      version: manifest.version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Routing, decisions and records of Callgate. The livekit.SIP service of LiveKit is served beside this at /twirp/livekit.SIP, as LiveKit documents it.',
    },
    paths,
    components: {
      securitySchemes: {
        node: { type: 'http', scheme: 'bearer', description: 'Token of a media node' },
        operator: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'LiveKit API token with the grant sip.admin',
        },
      },
      schemas: { Problem: problemSchema },
    },
  };
}

const problemSchema = jsonSchema(
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable; /v1/problems/{code} describes it'),
    detail: z
      .string()
      .describe('Names the field and what was expected; never repeats what was sent'),
    errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
  }),
  'output',
);

function describeOperation(operation: Operation): object {
  const { id, summary, auth, parameters = [], request } = operation;
  const types = request?.types ?? ['application/json'];
  return {
    operationId: id,
    summary,
    security: security[auth],
    ...(parameters.length > 0 ? { parameters: parameters.map(describeParameter) } : {}),
    ...(request === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: contentOf(types, jsonSchema(request.schema, 'input')),
          },
        }),
    responses: { ...answersOf(operation), ...problemsOf(operation) },
  };
}

function describeParameter({ name, in: where, about, schema }: Parameter): object {
  return {
    name,
    in: where,
    description: about,
    required: where === 'path',
    schema: jsonSchema(schema, 'input'),
  };
}

function answersOf({ responses }: Operation): object {
  return Object.fromEntries(
    Object.entries(responses).map(([status, { about, schema }]) => [
      status,
      {
        description: about,
        ...(schema === null
          ? {}
          : { content: contentOf(['application/json'], jsonSchema(schema, 'output')) }),
      },
    ]),
  );
}

/** One response for each status, naming the codes that it stands for. */
function problemsOf({ auth, parameters = [], request, problems = [] }: Operation): object {
  const codes = new Set<ProblemCode>([
    ...authProblems[auth],
    ...(parameters.length > 0 && auth !== 'none' ? (['bad-field'] as const) : []),
    ...(request === undefined ? [] : bodyProblems),
    ...problems,
    'internal',
    'misconfigured',
  ]);
  const byStatus = new Map<number, string[]>();
  for (const code of codes) {
    const kind = problemKind(code);
    if (kind === undefined) continue;
    byStatus.set(kind.status, [...(byStatus.get(kind.status) ?? []), `\`${code}\`: ${kind.title}`]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => [
      status,
      {
        description: lines.join('; '),
        content: contentOf(['application/problem+json'], { $ref: '#/components/schemas/Problem' }),
      },
    ]),
  );
}

function contentOf(types: readonly string[], schema: object): object {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
