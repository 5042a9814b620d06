/**
 * Objects of a set that claim the same calls. Two trunks conflict when number, caller and addresses all
 * overlap (a list against an empty one does not overlap: the one that names more goes first). Two rules
 * conflict when they share PIN, trunk, caller and number. Nothing conflicts with itself.
 *
 * Found through the same index as the live decision, in time linear in the size of the set.
 */
import { type CompiledRouting, compileRouting, type RoutingSet } from './compile.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { CompiledTrunk } from './compiled-trunk.ts';
import { eachNode } from './layer.ts';
import { findHolder } from './prefix-index.ts';
import type { RuleSlot } from './rule-index.ts';
import type { TrunkGroup } from './trunk-index.ts';

/** Two trunks for the same calls; null stands for an empty list: any number, any caller. */
export interface TrunkConflict {
  readonly kind: 'trunk';
  readonly trunks: readonly [CompiledTrunk, CompiledTrunk];
  readonly called: string | null;
  readonly caller: string | null;
}

/** Two rules for the same calls; null stands for an empty list, PIN `''` for none. */
export interface RuleConflict {
  readonly kind: 'rule';
  readonly rules: readonly [CompiledRule, CompiledRule];
  readonly trunkId: string | null;
  readonly called: string | null;
  readonly caller: string | null;
  readonly pin: string;
}

/** A rule that is none: `rule` has no member. */
export interface RuleWithoutKind {
  readonly kind: 'rule-without-kind';
  readonly ruleId: string;
}

export type Conflict = TrunkConflict | RuleConflict | RuleWithoutKind;

/** Nobody reads more; a set that holds everything twice must not answer with a list as long as itself. */
export const conflictsListedMax = 1_000;

/** Conflicts of a set of trunks and rules, at most conflictsListedMax; empty: the set may be stored. */
export function findConflicts(set: RoutingSet): readonly Conflict[] {
  return listConflicts(compileRouting({ ...set, allowTrunklessCalls: false }));
}

/** The same for a set that is compiled already. Pairs are in the order of the set. */
export function listConflicts(routing: CompiledRouting): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  for (const conflict of eachConflict(routing)) {
    conflicts.push(conflict);
    if (conflicts.length === conflictsListedMax) break;
  }
  return conflicts.length === 0 ? conflicts : inOrder(routing, conflicts);
}

function inOrder(routing: CompiledRouting, conflicts: readonly Conflict[]): readonly Conflict[] {
  const objects = [...routing.trunks, ...routing.rules];
  const places = new Map(objects.map((object, place) => [object, place]));
  const placeOf = (object: CompiledTrunk | CompiledRule) => places.get(object) ?? 0;
  const ordered = <T extends CompiledTrunk | CompiledRule>([a, b]: readonly [T, T]) =>
    placeOf(a) < placeOf(b) ? ([a, b] as const) : ([b, a] as const);
  return conflicts.map((conflict) => {
    switch (conflict.kind) {
      case 'trunk':
        return { ...conflict, trunks: ordered(conflict.trunks) };
      case 'rule':
        return { ...conflict, rules: ordered(conflict.rules) };
      case 'rule-without-kind':
        return conflict;
      default:
        return conflict satisfies never;
    }
  });
}

function* eachConflict(routing: CompiledRouting): Generator<Conflict> {
  for (const ruleId of routing.skippedRuleIds) yield { kind: 'rule-without-kind', ruleId };
  for (const [called, byCaller] of eachNode(routing.trunkIndex)) {
    for (const [caller, group] of eachNode(byCaller)) {
      for (const trunks of crowdedTrunks(group)) yield { kind: 'trunk', trunks, called, caller };
    }
  }
  for (const [trunkId, byCalled] of eachNode(routing.ruleIndex)) {
    for (const [called, byCaller] of eachNode(byCalled)) {
      for (const [caller, slot] of eachNode(byCaller)) {
        for (const [pin, rules] of crowdedRules(slot)) {
          yield { kind: 'rule', rules, trunkId, called, caller, pin };
        }
      }
    }
  }
}

/** Each pair once. */
function* crowdedTrunks(group: TrunkGroup): Generator<readonly [CompiledTrunk, CompiledTrunk]> {
  if (group.trunks.length < 2) return;
  const [first, ...others] = group.everySource;
  if (first !== undefined) {
    for (const other of others) yield [first, other];
  }
  const paired = new Map<CompiledTrunk, ReadonlySet<CompiledTrunk>>();
  for (const trunk of group.trunks) {
    const holders = holdersOf(group, trunk);
    paired.set(trunk, holders);
    for (const holder of holders) {
      if (paired.get(holder)?.has(trunk) !== true) yield [trunk, holder];
    }
  }
}

/**
 * Trunks whose networks hold a network of this one: one for each of its networks. Of two networks that
 * overlap one holds the other, so that every overlap is seen from one side at least.
 */
function holdersOf(group: TrunkGroup, trunk: CompiledTrunk): ReadonlySet<CompiledTrunk> {
  const holders = new Set<CompiledTrunk>();
  for (const prefix of trunk.addresses.prefixes) {
    const holder = findHolder(group.addressed, prefix, trunk);
    if (holder !== undefined) holders.add(holder);
  }
  return holders;
}

function* crowdedRules(
  slot: RuleSlot,
): Generator<readonly [string, readonly [CompiledRule, CompiledRule]]> {
  if (slot.rivals === null) return;
  for (const [pin, rules] of [['', slot.open] as const, ...slot.byPin]) {
    const [first, ...others] = rules;
    if (first === undefined) continue;
    for (const other of others) yield [pin, [first, other]];
  }
}
