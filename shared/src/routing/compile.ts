/**
 * The routing table, ready for decisions: everything is normalised, parsed and filed once, so that a
 * decision compiles nothing and costs the same with ten trunks as with a million. The index only narrows:
 * whether a candidate takes a call is for the predicates of compiled-trunk.ts and compiled-rule.ts.
 *
 * A set without conflicts (conflicts.ts) gives one verdict for every call. For other sets the answer may be
 * "ambiguous"; it is never a random pick.
 */
import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { type CompiledRule, compileRule } from './compiled-rule.ts';
import { type CompiledTrunk, compileTrunk } from './compiled-trunk.ts';
import { buildRuleIndex, type RuleIndex } from './rule-index.ts';
import { findRivals, type RuleRivals } from './rule-rivals.ts';
import { buildTrunkIndex, type TrunkIndex } from './trunk-index.ts';

/** Trunks and rules as stored. */
export interface RoutingSet {
  readonly trunks: readonly SIPInboundTrunkInfo[];
  readonly rules: readonly SIPDispatchRuleInfo[];
}

export interface CompiledRouting {
  readonly allowTrunklessCalls: boolean;
  readonly trunks: readonly CompiledTrunk[];
  readonly trunkIndex: TrunkIndex;
  readonly rules: readonly CompiledRule[];
  readonly ruleIndex: RuleIndex;
  readonly ruleRivals: RuleRivals;
  /** Ids of stored rules without a kind. They take no call and stand in nobody's way. */
  readonly skippedRuleIds: readonly string[];
}

/**
 * @param set trunks and rules in any order; the order plays no part in any decision
 * @param set.allowTrunklessCalls whether a call that matches no trunk goes on to the rules without trunk_ids
 */
export function compileRouting(
  set: RoutingSet & { readonly allowTrunklessCalls: boolean },
): CompiledRouting {
  const trunks = set.trunks.map(compileTrunk);
  const rules: CompiledRule[] = [];
  const skippedRuleIds: string[] = [];
  for (const info of set.rules) {
    const rule = compileRule(info);
    if (rule === null) skippedRuleIds.push(info.sipDispatchRuleId);
    else rules.push(rule);
  }
  const ruleIndex = buildRuleIndex(rules);
  return {
    allowTrunklessCalls: set.allowTrunklessCalls,
    trunks,
    trunkIndex: buildTrunkIndex(trunks),
    rules,
    ruleIndex,
    ruleRivals: findRivals(ruleIndex),
    skippedRuleIds,
  };
}
