/**
 * Keeps the trace of a refused call with its records, so that an operator sees why it was refused then, whatever the table says now. The trace is that of the dry
 * run of the same call at the same revision. Strangers can have themselves refused as often as they like: an isolate keeps
 * recordLimits.refusalsPerSecond of them.
 */
import type { Decision, RefuseDecision } from '@callgate/shared/contract/decision.ts';
import { recordLimits } from '@callgate/shared/limits.ts';
import { compileRouting } from '@callgate/shared/routing/compile.ts';
import type { PinAnswer } from '@callgate/shared/routing/compiled-rule.ts';
import {
  type CallExplanation,
  explainCall,
} from '@callgate/shared/routing/explain/explain-call.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';
import type { Clock } from '../clock.ts';
import { allowsTrunklessCalls, type Env } from '../env.ts';
import { logLine } from '../log.ts';
import { recordsOf } from '../records/call-records.ts';
import { readSetForCall } from '../routing/read-set-for-call.ts';

type SilentDecision = Extract<Decision, { kind: 'drop' }>;

export interface Refusal {
  readonly node: string;
  readonly call: RoutedCall;
  /** What the caller had keyed in when the decision fell. */
  readonly pin: PinAnswer;
  readonly decision: RefuseDecision | SilentDecision;
}

export class RefusalKeeper {
  readonly #clock: Clock;
  #second = { sinceMs: 0, kept: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Never throws: the decision has been given, and stands without its trace. */
  async keep(env: Env, refusal: Refusal): Promise<void> {
    const nowMs = this.#clock.now();
    if (nowMs - this.#second.sinceMs >= 1_000) this.#second = { sinceMs: nowMs, kept: 0 };
    if (this.#second.kept >= recordLimits.refusalsPerSecond) return;
    this.#second.kept += 1;
    const { node, call, decision } = refusal;
    try {
      const { trace, explanation } = await explained(env, refusal);
      const { revision, reason } = decision;
      const kept = { node, revision, reason, explanation, trace };
      await recordsOf(env, call.callId).addRefusal(call.callId, JSON.stringify(kept));
    } catch (error) {
      logLine('warn', 'refusal-not-kept', { call_id: call.callId, message: String(error) });
    }
  }
}

/** The trace, and a sentence: that of the trace, unless the call was refused for something that the dry run knows nothing of, such as a lockout. */
async function explained(
  env: Env,
  { call, pin, decision }: Refusal,
): Promise<Pick<CallExplanation, 'trace' | 'explanation'>> {
  const set = await readSetForCall(env, { ...call, trunkId: null, revision: decision.revision });
  const routing = compileRouting({
    trunks: set?.trunks ?? [],
    rules: set?.rules ?? [],
    allowTrunklessCalls: allowsTrunklessCalls(env),
  });
  const { trace, explanation, reason } = explainCall({ routing, call, pin });
  const isSame = decision.kind === 'drop' || reason === decision.reason;
  return { trace, explanation: isSame ? explanation : decision.explanation };
}
