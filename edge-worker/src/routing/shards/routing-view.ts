/**
 * What one call sees of the routing table: the parts of its called number and of its caller, the common part, and once a PIN is keyed in, the part of that PIN.
 * Looked up one after the other, they give the verdict of the whole table (routing-view.test.ts holds them against each other).
 */
import { compileRouting } from '@callgate/shared/routing/compile.ts';
import { compareRules, type PinAnswer } from '@callgate/shared/routing/compiled-rule.ts';
import type { CompiledTrunk } from '@callgate/shared/routing/compiled-trunk.ts';
import { findRule, type RuleVerdict } from '@callgate/shared/routing/find-rule.ts';
import {
  findTrunk,
  namesNoCaller,
  type TrunkVerdict,
} from '@callgate/shared/routing/find-trunk.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';
import type { DigestCredential } from '../../trust/digest/digest-algorithms.ts';
import type { RoutingPart } from './shard.ts';

export interface RoutingView {
  readonly revision: number;
  /** Trunks that list the called number, and the rules that only such a call can meet. */
  readonly number: RoutingPart;
  /** Rules that name the caller and no number. */
  readonly caller: RoutingPart;
  /** Wildcard trunks, and rules for any number and caller. */
  readonly common: RoutingPart;
  /** All rules with the PIN that was keyed in. */
  readonly pin: RoutingPart;
}

/** A part that holds nothing. */
export function emptyPart(allowTrunklessCalls: boolean): RoutingPart {
  const routing = compileRouting({ trunks: [], rules: [], allowTrunklessCalls });
  return { routing, credentials: new Map() };
}

/** A trunk that lists the number goes before every wildcard, so the second part is only asked when the first has none. */
export function trunkOfView(view: RoutingView, call: RoutedCall): TrunkVerdict {
  const verdict = findTrunk(view.number.routing, call);
  return verdict.kind === 'none' || verdict.kind === 'trunkless'
    ? findTrunk(view.common.routing, call)
    : verdict;
}

/** Whether trunkOfView is known to find this trunk for every caller from the source of the call to its number. */
export function takesEveryCaller(
  view: RoutingView,
  { matchType }: Extract<TrunkVerdict, { kind: 'trunk' }>,
  { toUser }: RoutedCall,
): boolean {
  const isSameByNumber = namesNoCaller(view.number.routing, toUser);
  // A trunk that lists the number goes before every wildcard, whoever that names.
  return isSameByNumber && (matchType === 'specific' || namesNoCaller(view.common.routing, toUser));
}

export function ruleOfView(
  view: RoutingView,
  trunkId: string | null,
  call: RoutedCall,
  pin: PinAnswer,
): RuleVerdict {
  // Once a PIN is keyed in, only rules with that PIN count, and all of them lie together.
  if (pin.kind === 'pin' && pin.digits !== '')
    return findRule(view.pin.routing, trunkId, call, pin);
  let best: RuleVerdict = { kind: 'none' };
  for (const part of [view.number, view.caller, view.common]) {
    const verdict = findRule(part.routing, trunkId, call, pin);
    if (verdict.kind === 'ambiguous') return verdict;
    if (verdict.kind === 'none') continue;
    if (best.kind !== 'rule' || compareRules(verdict.rule, best.rule) < 0) best = verdict;
  }
  return best;
}

/** A trunk that takes this number, by id; null: it is gone, or takes other numbers now. */
export function trunkInView(view: RoutingView, trunkId: string): CompiledTrunk | null {
  const trunks = [...view.number.routing.trunks, ...view.common.routing.trunks];
  return trunks.find(({ id }) => id === trunkId) ?? null;
}

export function credentialOfView(view: RoutingView, trunkId: string): DigestCredential | undefined {
  return view.number.credentials.get(trunkId) ?? view.common.credentials.get(trunkId);
}
