/**
 * Dispatch rules filed for look-up: by trunk, by called number, by caller, and in the slot at the end by
 * PIN. In a set without conflicts a slot holds at most one open rule, and at most one for each PIN.
 */
import { type CompiledRule, compareRules, type PinAnswer } from './compiled-rule.ts';
import { buildLayer, type Layer, nodesFor } from './layer.ts';
import type { ComparedCall } from './routed-call.ts';

/** Rules with the same trunk, called number and caller (each: or none). */
export interface RuleSlot {
  /** The rule that goes first, whatever its PIN. */
  readonly first: CompiledRule;
  /** Rules without PIN, the one that goes first in front. */
  readonly open: readonly CompiledRule[];
  readonly byPin: ReadonlyMap<string, readonly CompiledRule[]>;
  /** Rules with the same PIN, or open ones, that stand beside each other: a conflict. Usually null. */
  readonly rivals: readonly CompiledRule[] | null;
}

export type RuleIndex = Layer<Layer<Layer<RuleSlot>>>;

const noPins: ReadonlyMap<string, readonly CompiledRule[]> = new Map();

export function buildRuleIndex(rules: readonly CompiledRule[]): RuleIndex {
  return buildLayer(
    rules,
    (rule) => rule.trunkIds,
    (sameTrunk) =>
      buildLayer(
        sameTrunk,
        (rule) => rule.numbers,
        (sameNumber) => buildLayer(sameNumber, (rule) => rule.callers, buildSlot),
      ),
  );
}

/** Rules that come into question for a call under one trunk (or under any): at most four. */
export function* narrowedRules(
  byCalled: Layer<Layer<RuleSlot>>,
  call: ComparedCall,
  pin: PinAnswer,
): Generator<CompiledRule> {
  for (const byCaller of nodesFor(byCalled, call.called)) {
    for (const slot of nodesFor(byCaller, call.caller)) {
      const rule = fromSlot(slot, pin);
      if (rule !== undefined) yield rule;
    }
  }
}

function fromSlot(slot: RuleSlot, pin: PinAnswer): CompiledRule | undefined {
  switch (pin.kind) {
    case 'none-yet':
      return slot.first;
    case 'no-pin':
      return slot.open[0];
    case 'pin':
      return pin.digits === '' ? slot.first : slot.byPin.get(pin.digits)?.[0];
    default:
      return pin satisfies never;
  }
}

function buildSlot(rules: readonly CompiledRule[]): RuleSlot {
  const inOrder = rules.length === 1 ? rules : rules.toSorted(compareRules);
  const open: CompiledRule[] = [];
  let byPin: Map<string, CompiledRule[]> | null = null;
  for (const rule of inOrder) {
    if (rule.pin === '') {
      open.push(rule);
      continue;
    }
    byPin ??= new Map();
    const samePin = byPin.get(rule.pin);
    if (samePin === undefined) byPin.set(rule.pin, [rule]);
    else samePin.push(rule);
  }
  const rivals = open.length > 1 ? open : [...(byPin ?? noPins).values()].find(isCrowded);
  const [first] = inOrder;
  if (first === undefined) throw new RangeError('a slot of the rule index is built for no rule');
  return { first, open, byPin: byPin ?? noPins, rivals: rivals ?? null };
}

function isCrowded(rules: readonly CompiledRule[]): boolean {
  return rules.length > 1;
}
