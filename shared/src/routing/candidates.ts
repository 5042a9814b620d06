/**
 * Which objects come into question for a call before anything of it is compared but its number and trunk:
 * what an explanation goes through, and what must at least be read from storage.
 */
import type { CompiledRouting } from './compile.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { CompiledTrunk } from './compiled-trunk.ts';
import { eachNode, type Layer, nodesFor } from './layer.ts';
import { normalizeNumber } from './normalize-number.ts';
import type { RuleSlot } from './rule-index.ts';

/** Trunks that list the number, then all wildcard trunks; each once. */
export function* candidateTrunks(
  routing: CompiledRouting,
  called: string,
): Generator<CompiledTrunk> {
  const seen = new Set<CompiledTrunk>();
  for (const byCaller of nodesFor(routing.trunkIndex, normalizeNumber(called))) {
    for (const [, group] of eachNode(byCaller)) {
      for (const trunk of group.trunks) {
        if (!seen.has(trunk)) yield trunk;
        seen.add(trunk);
      }
    }
  }
}

/** Rules for the trunk, then those for any trunk; all rules when no trunk took the call. Each once. */
export function* candidateRules(
  routing: CompiledRouting,
  trunkId: string | null,
): Generator<CompiledRule> {
  if (trunkId === null) {
    yield* routing.rules;
    return;
  }
  const seen = new Set<CompiledRule>();
  for (const byCalled of nodesFor(routing.ruleIndex, trunkId)) {
    for (const rule of rulesUnder(byCalled)) {
      if (!seen.has(rule)) yield rule;
      seen.add(rule);
    }
  }
}

function* rulesUnder(byCalled: Layer<Layer<RuleSlot>>): Generator<CompiledRule> {
  for (const [, byCaller] of eachNode(byCalled)) {
    for (const [, slot] of eachNode(byCaller)) {
      yield* slot.open;
      for (const samePin of slot.byPin.values()) yield* samePin;
    }
  }
}
