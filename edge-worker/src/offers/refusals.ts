/** Refusals with their reason and a sentence that a person understands: it stands in records and logs, never on the SIP wire. */
import type { Decision } from '@callgate/shared/contract/decision.ts';
import type { PinAnswer } from '@callgate/shared/routing/compiled-rule.ts';
import { explainCall } from '@callgate/shared/routing/explain/explain-call.ts';
import type { RuleVerdict } from '@callgate/shared/routing/find-rule.ts';
import type { TrunkVerdict } from '@callgate/shared/routing/find-trunk.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';
import type { RoutingView } from '../routing/shards/routing-view.ts';

/** Why no trunk took the call, or more than one did. */
export function refuseTrunk(
  verdict: Exclude<TrunkVerdict, { kind: 'trunk' | 'trunkless' }>,
  view: RoutingView,
  call: RoutedCall,
): Decision {
  // The part that has the trunks of this number explains best; if it has none, the wildcards do.
  const { routing } = view.number.routing.trunks.length > 0 ? view.number : view.common;
  const { explanation } = explainCall({
    routing: { ...routing, allowTrunklessCalls: false },
    call,
    pin: { kind: 'none-yet' },
  });
  const reason = verdict.kind === 'ambiguous' ? 'routing-conflict' : 'no-trunk';
  return { kind: 'refuse', revision: view.revision, trunk_id: null, reason, explanation };
}

/** Why no rule took the call, or more than one did. */
export function refuseRule(
  verdict: Exclude<RuleVerdict, { kind: 'rule' }>,
  view: RoutingView,
  trunkId: string | null,
  call: RoutedCall,
  pin: PinAnswer,
): Decision {
  const { routing } = view.number.routing.rules.length > 0 ? view.number : view.common;
  const { explanation } = explainCall({ routing, call, pin, trunkId });
  const reason = verdict.kind === 'ambiguous' ? 'routing-conflict' : 'no-rule';
  return { kind: 'refuse', revision: view.revision, trunk_id: trunkId, reason, explanation };
}
