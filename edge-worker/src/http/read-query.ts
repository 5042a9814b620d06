/** Parameters in the query of a request, read as strictly as a body: each once, none that is not known. */
import type * as z from 'zod';
import { Problem } from './problem.ts';
import { checkShape } from './read-body.ts';

/** @throws Problem `bad-field` naming the parameter */
export function readQuery<T>(request: Request, schema: z.ZodType<T>): T {
  const { searchParams } = new URL(request.url);
  // Where LiveKit's clients may put their token (trust/api-token.ts).
  searchParams.delete('access_token');
  const names = [...searchParams.keys()];
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    const errors = [{ field: twice.slice(0, 64), detail: 'expected it once' }];
    throw new Problem('bad-field', `${twice.slice(0, 64)}: expected it once`, { errors });
  }
  return checkShape(schema, Object.fromEntries(searchParams), 'query');
}
