/**
 * The last step before a call is let in: the caps of its trunk. A trunk without caps costs nothing here. A cap is a promise about money, so a call that cannot be counted is
 * not let in.
 */
import type { RefuseDecision } from '@callgate/shared/contract/decision.ts';
import { capLimits } from '@callgate/shared/limits.ts';
import type { CompiledTrunk } from '@callgate/shared/routing/compiled-trunk.ts';
import type { Env } from '../env.ts';
import { Problem } from '../http/problem.ts';
import { logLine } from '../log.ts';
import { type CapVerdict, trunkCallsOf } from './trunk-calls.ts';

export type Taking =
  /** The call is in. With `lease_ms` it is counted, and its node has to say that it lives. */
  | { readonly kind: 'in'; readonly lease: { readonly lease_ms?: number } }
  | { readonly kind: 'refused'; readonly decision: RefuseDecision };

/** @throws Problem `routing-unavailable` when the call cannot be counted */
export async function takeCall(
  call: { readonly node: string; readonly callId: string; readonly revision: number },
  trunk: CompiledTrunk | null,
  env: Env,
): Promise<Taking> {
  if (trunk === null) return { kind: 'in', lease: {} };
  const { max_calls: callsMax, calls_per_second: perSecond } = trunk.options;
  if (callsMax === undefined && perSecond === undefined) return { kind: 'in', lease: {} };
  let verdict: CapVerdict;
  try {
    verdict = await trunkCallsOf(env, trunk.id).take(call.node, call.callId, trunk.options);
  } catch (error) {
    logLine('error', 'call-not-counted', { call_id: call.callId, message: String(error) });
    throw new Problem('routing-unavailable', 'the calls of the trunk cannot be counted');
  }
  if (verdict === 'taken') return { kind: 'in', lease: leaseOf(trunk) };
  const explanation =
    verdict === 'trunk-full'
      ? `Trunk ${trunk.id} has its max_calls (${callsMax}) up.`
      : `Trunk ${trunk.id} takes ${perSecond} new calls a second (calls_per_second), and more came.`;
  const { revision } = call;
  return {
    kind: 'refused',
    decision: { kind: 'refuse', revision, trunk_id: trunk.id, reason: verdict, explanation },
  };
}

/** What a decision says of the count: a rate alone needs no lease. */
export function leaseOf(trunk: CompiledTrunk | null): { readonly lease_ms?: number } {
  return trunk?.options.max_calls === undefined ? {} : { lease_ms: capLimits.leaseMs };
}
