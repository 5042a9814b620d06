/**
 * Which objects come into question for a call before anything of it is compared but its number and trunk:
 * what an explanation goes through, and what must at least be read from storage.
 */
import { compareCodePoints } from './compare-code-points.ts';
import type { CompiledRouting } from './compile.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { CompiledTrunk } from './compiled-trunk.ts';
import { eachNode, type Layer, nodesFor } from './layer.ts';
import { normalizeNumber } from './normalize-number.ts';
import type { RuleSlot } from './rule-index.ts';

/** Trunks that list the number and all wildcard trunks, in the order of their ids. */
export function selectTrunks(routing: CompiledRouting, called: string): readonly CompiledTrunk[] {
  const trunks = new Set<CompiledTrunk>();
  for (const byCaller of nodesFor(routing.trunkIndex, normalizeNumber(called))) {
    for (const [, group] of eachNode(byCaller)) {
      for (const trunk of group.trunks) trunks.add(trunk);
    }
  }
  return byId(trunks);
}

/** Rules for the trunk and for any trunk; all rules when no trunk took the call. In the order of their ids. */
export function selectRules(
  routing: CompiledRouting,
  trunkId: string | null,
): readonly CompiledRule[] {
  if (trunkId === null) return byId(new Set(routing.rules));
  const rules = new Set<CompiledRule>();
  for (const byCalled of nodesFor(routing.ruleIndex, trunkId)) {
    for (const rule of rulesUnder(byCalled)) rules.add(rule);
  }
  return byId(rules);
}

function* rulesUnder(byCalled: Layer<Layer<RuleSlot>>): Generator<CompiledRule> {
  for (const [, byCaller] of eachNode(byCalled)) {
    for (const [, slot] of eachNode(byCaller)) {
      yield* slot.open;
      for (const samePin of slot.byPin.values()) yield* samePin;
    }
  }
}

function byId<T extends { readonly id: string }>(items: ReadonlySet<T>): readonly T[] {
  return [...items].sort((a, b) => compareCodePoints(a.id, b.id));
}
