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

/** The same for a set that is compiled already. */
export function listConflicts(routing: CompiledRouting): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  for (const conflict of eachConflict(routing)) {
    conflicts.push(conflict);
    if (conflicts.length === conflictsListedMax) break;
  }
  return conflicts;
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

/** Pairs in the order of the set; each pair once. */
function* crowdedTrunks(group: TrunkGroup): Generator<readonly [CompiledTrunk, CompiledTrunk]> {
  if (group.trunks.length < 2) return;
  const [first, ...others] = group.everySource;
  if (first !== undefined) {
    for (const other of others) yield [first, other];
  }
  const paired = new Map<CompiledTrunk, CompiledTrunk>();
  for (const trunk of group.trunks) {
    const other = firstOverlap(group, trunk);
    if (other === undefined || paired.get(other) === trunk) continue;
    paired.set(trunk, other);
    yield inOrder(group, trunk, other);
  }
}

/** Of two networks that overlap one holds the other, so it is enough to ask for holders. */
function firstOverlap(group: TrunkGroup, trunk: CompiledTrunk): CompiledTrunk | undefined {
  for (const prefix of trunk.addresses.prefixes) {
    const holder = findHolder(group.addressed, prefix, trunk);
    if (holder !== undefined) return holder;
  }
  return undefined;
}

function inOrder(
  group: TrunkGroup,
  a: CompiledTrunk,
  b: CompiledTrunk,
): readonly [CompiledTrunk, CompiledTrunk] {
  return group.trunks.indexOf(a) < group.trunks.indexOf(b) ? [a, b] : [b, a];
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
