/** An operation of the HTTP surface as data: what it takes and what it answers. */
import type * as z from 'zod';
import type { ProblemCode } from '../http/problem.ts';

export interface Operation {
  readonly method: 'get' | 'put' | 'patch' | 'post' | 'delete';
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  /** Whose credential it takes. */
  readonly auth: 'node' | 'operator' | 'webhook' | 'none';
  readonly parameters?: readonly Parameter[];
  readonly request?: { readonly schema: z.ZodType; readonly types?: readonly string[] };
  /** By HTTP status; null: no body. */
  readonly responses: Readonly<
    Record<number, { readonly about: string; readonly schema: z.ZodType | null }>
  >;
  /** Beside those that any operation may answer. */
  readonly problems?: readonly ProblemCode[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly about: string;
  readonly schema: z.ZodType;
}
