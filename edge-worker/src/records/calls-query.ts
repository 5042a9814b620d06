/** What `GET /v1/calls` takes: filters, and a cursor that says where the last page ended. The list is newest first. */
import { outcomeReasons } from '@callgate/shared/call/outcome.ts';
import { callId } from '@callgate/shared/contract/offer.ts';
import { recordLimits } from '@callgate/shared/limits.ts';
import { normalizeNumber } from '@callgate/shared/routing/normalize-number.ts';
import * as z from 'zod';
import { Problem } from '../http/problem.ts';
import { readQuery } from '../http/read-query.ts';

const text = z.string().min(1).max(1_024);
const expectedTime = 'expected ms since epoch, or ISO 8601 such as 2026-11-23T10:00:00Z';
const time = z
  .string()
  .max(64)
  .transform((value) => (/^\d{1,15}$/.test(value) ? Number(value) : Date.parse(value)))
  .refine((ms) => !Number.isNaN(ms), expectedTime);

export const callsParameters = {
  since: time.optional(),
  until: time.optional(),
  reason: z.enum(outcomeReasons as [string, ...string[]]).optional(),
  trunk: text.optional(),
  rule: text.optional(),
  room: text.optional(),
  node: text.optional(),
  from: text.optional(),
  to: text.optional(),
  state: z.enum(['live', 'answered', 'unanswered', 'refused']).optional(),
  cursor: z.string().max(256).optional(),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, `expected a number from 1 to ${recordLimits.pageMax}`)
    .transform(Number)
    .pipe(z.number().min(1).max(recordLimits.pageMax))
    .optional(),
} as const;

const parameters = z.strictObject(callsParameters);

/** Where an attempt stands in the list. */
export interface Place {
  readonly invited_at_ms: number;
  readonly call_id: string;
  readonly sequence: number;
}

export interface CallsQuery {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly reason: string | null;
  readonly trunk: string | null;
  readonly rule: string | null;
  readonly room: string | null;
  readonly node: string | null;
  /** Normalised, as numbers of trunks and rules are compared. */
  readonly from: string | null;
  readonly to: string | null;
  readonly state: 'live' | 'answered' | 'unanswered' | 'refused' | null;
  /** The last attempt of the page before; null: the first page. */
  readonly after: Place | null;
  readonly limit: number;
}

/** @throws Problem `bad-field` naming the parameter */
export function readCallsQuery(request: Request): CallsQuery {
  const given = readQuery(request, parameters);
  return {
    sinceMs: given.since ?? 0,
    untilMs: given.until ?? Number.MAX_SAFE_INTEGER,
    reason: given.reason ?? null,
    trunk: given.trunk ?? null,
    rule: given.rule ?? null,
    room: given.room ?? null,
    node: given.node ?? null,
    from: given.from === undefined ? null : normalizeNumber(given.from),
    to: given.to === undefined ? null : normalizeNumber(given.to),
    state: given.state ?? null,
    after: given.cursor === undefined ? null : readCursor(given.cursor),
    limit: given.limit ?? recordLimits.pageDefault,
  };
}

const place = z.tuple([z.int().min(0), callId, z.int().min(0)]);

export function writeCursor({ invited_at_ms, call_id, sequence }: Place): string {
  return Buffer.from(JSON.stringify([invited_at_ms, call_id, sequence])).toString('base64url');
}

function readCursor(cursor: string): Place {
  try {
    const [invited_at_ms, call_id, sequence] = place.parse(
      JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')),
    );
    return { invited_at_ms, call_id, sequence };
  } catch {
    // Whatever it is, it was not made here.
    throw new Problem('bad-field', 'cursor: expected the cursor of a page before');
  }
}

/** Order of the list: newest first. */
export function comparePlaces(a: Place, b: Place): number {
  return (
    b.invited_at_ms - a.invited_at_ms ||
    compareText(b.call_id, a.call_id) ||
    b.sequence - a.sequence
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
