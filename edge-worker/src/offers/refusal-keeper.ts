/**
 * Keeps the trace of a refused call with its records, so that an operator sees why it was refused then, whatever the table says now. Strangers can
 * have themselves refused as often as they like: an isolate keeps recordLimits.refusalsPerSecond of them.
 */
import type { RefuseDecision } from '@callgate/shared/contract/decision.ts';
import type { Offer } from '@callgate/shared/contract/offer.ts';
import { recordLimits } from '@callgate/shared/limits.ts';
import type { Clock } from '../clock.ts';
import type { Env } from '../env.ts';
import { logLine } from '../log.ts';
import { recordsOf } from '../records/call-records.ts';
import type { RoutingView } from '../routing/shards/routing-view.ts';
import { explainInView } from './refusals.ts';
import { routedCall } from './routed-call.ts';

export interface Refusal {
  readonly node: string;
  readonly offer: Offer;
  readonly decision: RefuseDecision;
  readonly view: RoutingView;
}

export class RefusalKeeper {
  readonly #clock: Clock;
  #second = { sinceMs: 0, kept: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Never throws: the decision has been given, and stands without its trace. */
  async keep(env: Env, { node, offer, decision, view }: Refusal): Promise<void> {
    const nowMs = this.#clock.now();
    if (nowMs - this.#second.sinceMs >= 1_000) this.#second = { sinceMs: nowMs, kept: 0 };
    if (this.#second.kept >= recordLimits.refusalsPerSecond) return;
    this.#second.kept += 1;
    const { revision, reason, explanation } = decision;
    const { trace } = explainInView(view, routedCall(offer));
    const refusal = { node, revision, reason, explanation, trace };
    try {
      await recordsOf(env, offer.call_id).addRefusal(offer.call_id, JSON.stringify(refusal));
    } catch (error) {
      logLine('warn', 'refusal-not-kept', { call_id: offer.call_id, message: String(error) });
    }
  }
}
