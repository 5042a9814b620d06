/** The trace of a decision as it stands in answers: shared/routing/explain/trace.ts as a schema. */
import * as z from 'zod';

const traceEntry = z.object({
  id: z.string(),
  name: z.string(),
  matched: z.boolean(),
  chosen: z.boolean(),
  failed: z
    .object({
      field: z.string(),
      configured: z.array(z.string()),
      omitted: z.int(),
      call: z.string(),
    })
    .nullable(),
  sentence: z.string(),
});
export const trace = z.object({
  trunks: z.array(traceEntry),
  rules: z.array(traceEntry),
  isCut: z.boolean(),
});
