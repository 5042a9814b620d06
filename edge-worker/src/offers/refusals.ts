/**
 * Why a call is refused, explained as the dry run explains it: a sentence for records and logs (never for the SIP wire), and the trace that is kept with the call.
 */
import type { Decision } from '@callgate/shared/contract/decision.ts';
import { compileRouting } from '@callgate/shared/routing/compile.ts';
import type { PinAnswer } from '@callgate/shared/routing/compiled-rule.ts';
import {
  type CallExplanation,
  explainCall,
} from '@callgate/shared/routing/explain/explain-call.ts';
import type { RuleVerdict } from '@callgate/shared/routing/find-rule.ts';
import type { TrunkVerdict } from '@callgate/shared/routing/find-trunk.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';
import type { RoutingView } from '../routing/shards/routing-view.ts';

const noneYet: PinAnswer = { kind: 'none-yet' };

/** Why no trunk took the call, or more than one did. */
export function refuseTrunk(
  verdict: Exclude<TrunkVerdict, { kind: 'trunk' | 'trunkless' }>,
  view: RoutingView,
  call: RoutedCall,
): Decision {
  const reason = verdict.kind === 'ambiguous' ? 'routing-conflict' : 'no-trunk';
  const { explanation } = explainInView(view, call);
  return { kind: 'refuse', revision: view.revision, trunk_id: null, reason, explanation };
}

/** Why no rule took the call, or more than one did. */
export function refuseRule(
  verdict: Exclude<RuleVerdict, { kind: 'rule' }>,
  view: RoutingView,
  trunkId: string | null,
  call: RoutedCall,
): Decision {
  const reason = verdict.kind === 'ambiguous' ? 'routing-conflict' : 'no-rule';
  const { explanation } = explainInView(view, call, trunkId);
  return { kind: 'refuse', revision: view.revision, trunk_id: trunkId, reason, explanation };
}

/** The dry run of a call over all that it sees of the table. @param trunkId given: start behind the trunk step */
export function explainInView(
  view: RoutingView,
  call: RoutedCall,
  trunkId?: string | null,
): CallExplanation {
  const parts = [view.number, view.caller, view.common].map(({ routing }) => routing);
  const trunks = parts.flatMap((part) => part.trunks.map(({ info }) => info));
  // A rule that names trunks of two parts lies in both.
  const rules = new Map(parts.flatMap((part) => part.rules.map(({ id, info }) => [id, info])));
  const routing = compileRouting({
    trunks,
    rules: [...rules.values()],
    allowTrunklessCalls: view.common.routing.allowTrunklessCalls,
  });
  return explainCall({
    routing,
    call,
    pin: noneYet,
    ...(trunkId === undefined ? {} : { trunkId }),
  });
}
