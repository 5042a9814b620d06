/**
 * One line for each decision, for `wrangler tail` and Workers Logs: which call, from where, what became of it, by which trunk, rule and revision. Numbers are
 * masked; tokens, tickets, PINs, credentials and explanations (they quote numbers) stay out.
 */
import type { Decision } from '@callgate/shared/contract/decision.ts';
import type { Offer } from '@callgate/shared/contract/offer.ts';
import { readTraceparent, traceparentHeader } from '@callgate/shared/contract/traceparent.ts';
import { maskNumber } from '@callgate/shared/sip/mask-number.ts';
import type { Env } from '../env.ts';
import { type LogFields, logLine, withLogFields } from '../log.ts';
import type { ReadCost } from '../routing/read/routing-reader.ts';
import { sendDecisionSpan } from './decision-span.ts';

/** What every line about this call names. */
export interface CallOfLine {
  readonly request: Request;
  readonly env: Env;
  /** Goes on with work when the answer is out. */
  readonly after: (work: Promise<void>) => void;
  readonly node: string;
  readonly callId: string;
}

interface Verdict {
  readonly decision: Decision;
  /** What reading the routing has cost, where that is known. */
  readonly cost?: Readonly<ReadCost>;
}

/**
 * Decides within the call's log fields, then logs the decision.
 * @param nowMs tells how long it took; a Worker's clock stands still between I/O
 * @param then what is left to do when the answer is out; null: nothing
 */
export async function decideAndLog<T extends Verdict>(
  { request, env, after, node, callId }: CallOfLine,
  facts: LogFields,
  nowMs: () => number,
  decide: () => Promise<T>,
  then: (verdict: T) => Promise<void> | null,
): Promise<T> {
  const trace = readTraceparent(request.headers.get(traceparentHeader));
  const ids = { call_id: callId, trace_id: trace?.traceId ?? null, node };
  return await withLogFields(ids, async () => {
    const startMs = nowMs();
    const verdict = await decide();
    const { decision, cost } = verdict;
    const { kind, trunk_id, revision } = decision;
    logLine('info', 'call-decided', {
      decision: kind,
      reason: 'reason' in decision ? decision.reason : null,
      trunk_id,
      rule_id: kind === 'join' ? decision.rule_id : null,
      revision,
      ...(cost === undefined
        ? {}
        : { kv_reads: cost.kvReads, table_questions: cost.tableQuestions }),
      ...facts,
      took_ms: nowMs() - startMs,
    });
    if (trace !== null)
      after(sendDecisionSpan(env, { trace, callId, node, startMs, endMs: nowMs(), decision }));
    const left = then(verdict);
    if (left !== null) after(left);
    return verdict;
  });
}

/** Who called whom from where, masked. */
export function factsOf(offer: Offer): LogFields {
  return {
    from: maskNumber(offer.from.user),
    to: maskNumber(offer.to.user),
    source: offer.source.address,
    transport: offer.source.transport,
    has_credentials: offer.credentials !== null,
  };
}
