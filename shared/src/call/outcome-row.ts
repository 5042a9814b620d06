/** The shape of one row of the table of outcomes (outcome.ts). */

/** Whose act, or whose fault: the caller's, the application's in the room, ours, or of what we depend on. */
export type Fault = 'nobody' | 'caller' | 'operator' | 'platform' | 'upstream';

/** One row of the table of outcomes. */
export interface Outcome {
  /** `success`: the call ran its course. Others say where to look first. */
  readonly result: 'success' | 'caller' | 'platform' | 'upstream' | 'indeterminate';
  /** Final SIP status for an INVITE not yet answered (RFC 3261 §21); null: silence. */
  readonly sipStatus: number | null;
  /** Reason phrase of that status line. */
  readonly phrase: string;
  /** Q.850 cause for the Reason header (RFC 3326). */
  readonly q850: number;
  /** Whether a Retry-After (RFC 3261 §20.33) goes with the answer, so that a provider moves on. */
  readonly retryAfter: boolean;
  readonly fault: Fault;
  /** One sentence: what happened. */
  readonly meaning: string;
  /** One sentence: what the operator can do. */
  readonly advice: string;
}

/** Writes one row: result, SIP status, phrase, Q.850 cause, fault, meaning, advice, and whether Retry-After goes along. */
export function row(
  result: Outcome['result'],
  sipStatus: number | null,
  phrase: string,
  q850: number,
  fault: Fault,
  meaning: string,
  advice: string,
  retryAfter = false,
): Outcome {
  return { result, sipStatus, phrase, q850, retryAfter, fault, meaning, advice };
}
