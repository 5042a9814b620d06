/** What a machine gets for its one-time code, or for the token it has: a token of its own (`POST /v1/nodes/enrol`, `POST /v1/nodes/rotate`). */
import * as z from 'zod';
import { nodeName } from './hello.ts';

export const nodeTokenAnswer = z.object({
  name: nodeName,
  /** A secret; the edge keeps its hash alone. */
  token: z.string().regex(/^[\x21-\x7e]{16,256}$/),
});
