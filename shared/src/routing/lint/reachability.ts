/**
 * Whether a dispatch rule can ever be chosen: the live decision is asked about calls that stand for all that
 * can reach the rule, until one chooses it. A rule is called unreachable only when all of them were asked.
 */
import type { CompiledRouting } from '../compile.ts';
import type { CompiledRule } from '../compiled-rule.ts';
import type { CompiledTrunk } from '../compiled-trunk.ts';
import { findRule } from '../find-rule.ts';
import { nodesFor } from '../layer.ts';

export type Reachability =
  | { readonly kind: 'reachable' }
  /** It has no trunk, or none of its trunks lists one of its numbers, or takes one of its callers. */
  | { readonly kind: 'no-calls'; readonly field: 'trunk_ids' | 'numbers' | 'inbound_numbers' }
  /** Other rules go first for each of its calls. */
  | { readonly kind: 'shadowed'; readonly byIds: readonly string[] }
  /** There are more calls to ask about than `questionsMax`. */
  | { readonly kind: 'unknown' };

/** How many questions are left for one rule, and for the whole set. */
export interface QuestionBudget {
  left: number;
}

const questionsPerRuleMax = 2_000;
/** Stands for every number that nobody names; no SIP user part holds a NUL. */
const unnamed = '\u{0}';

/** @param trunks trunks whose calls may reach the rule; null among them: calls without trunk */
export function findReachability(
  rule: CompiledRule,
  trunks: Iterable<CompiledTrunk | null>,
  routing: CompiledRouting,
  budget: QuestionBudget,
): Reachability {
  const winners = new Set<string>();
  let field: 'trunk_ids' | 'numbers' | 'inbound_numbers' = 'trunk_ids';
  let questions = questionsPerRuleMax;
  for (const trunk of trunks) {
    if (field === 'trunk_ids') field = 'numbers';
    // Looking through trunks takes time, too, when none of them lists the numbers of the rule.
    budget.left -= 1;
    for (const called of calledNumbers(rule, trunk, routing)) {
      field = 'inbound_numbers';
      for (const caller of callers(rule, trunk, called, routing)) {
        if (questions === 0 || budget.left <= 0) return { kind: 'unknown' };
        questions -= 1;
        budget.left -= 1;
        const winner = winnerFor(rule, trunk, called, caller, routing);
        if (winner === null || winner === rule.id) return { kind: 'reachable' };
        winners.add(winner);
      }
    }
  }
  return winners.size === 0
    ? { kind: 'no-calls', field }
    : { kind: 'shadowed', byIds: [...winners] };
}

/** The rule that goes first whatever the caller says about a PIN; the rule's own id when it may be it. */
function winnerFor(
  rule: CompiledRule,
  trunk: CompiledTrunk | null,
  toUser: string,
  fromUser: string,
  routing: CompiledRouting,
): string | null {
  const call = { callId: '', source: '', fromHost: '', toUser, fromUser };
  const trunkId = trunk?.id ?? null;
  const first = findRule(routing, trunkId, call, { kind: 'none-yet' });
  if (first.kind !== 'rule') return null;
  if (first.rule === rule || !first.needsPin) return first.rule.id;
  const answer =
    rule.pin === '' ? ({ kind: 'no-pin' } as const) : ({ kind: 'pin', digits: rule.pin } as const);
  const second = findRule(routing, trunkId, call, answer);
  return second.kind === 'rule' ? second.rule.id : null;
}

/** Called numbers that tell the calls of a trunk to this rule apart. */
function* calledNumbers(
  rule: CompiledRule,
  trunk: CompiledTrunk | null,
  routing: CompiledRouting,
): Generator<string> {
  const served = trunk?.numbers ?? null;
  if (rule.numbers !== null) {
    for (const number of rule.numbers) if (served === null || served.has(number)) yield number;
  } else if (served !== null) {
    yield* served;
  } else {
    yield unnamed;
    for (const byCalled of nodesFor(routing.ruleIndex, trunk?.id ?? unnamed)) {
      yield* byCalled.byKey.keys();
    }
  }
}

/** Callers that tell those calls apart. */
function* callers(
  rule: CompiledRule,
  trunk: CompiledTrunk | null,
  called: string,
  routing: CompiledRouting,
): Generator<string> {
  const allowed = trunk?.callers ?? null;
  if (rule.callers !== null) {
    for (const caller of rule.callers) if (allowed === null || allowed.has(caller)) yield caller;
  } else if (allowed !== null) {
    yield* allowed;
  } else {
    yield unnamed;
    for (const byCalled of nodesFor(routing.ruleIndex, trunk?.id ?? unnamed)) {
      for (const byCaller of nodesFor(byCalled, called)) yield* byCaller.byKey.keys();
    }
  }
}
