/**
 * The linter of a routing table: conflicts, what can never match, what is risky, what may surprise. Given
 * out by dry runs, with saved changes (as warnings) and on request.
 *
 * Trunks must come with their passwords; they are compared and never shown.
 */
import { type CompiledRouting, compileRouting, type RoutingSet } from '../compile.ts';
import type { CompiledRule } from '../compiled-rule.ts';
import { type Conflict, listConflicts } from '../conflicts.ts';
import { describeConflict } from '../describe-conflict.ts';
import { type Finding, type FindingCode, findingsOf, type Severity, someOf } from './finding.ts';
import { lintRule } from './lint-rules.ts';
import { lintSpelling } from './lint-spelling.ts';
import { lintTrunks } from './lint-trunks.ts';
import { findReachability, type QuestionBudget } from './reachability.ts';
import { type TrunkFacts, trunkFacts, trunksOf } from './trunk-facts.ts';

export interface LintResult {
  /** Errors first, then warnings, then the rest; at most findingsPerCodeMax of one code. */
  readonly findings: readonly Finding[];
  /** There was more to find, or more to ask than a large table leaves time for. */
  readonly isCut: boolean;
}

/** Somebody who reads a hundred knows what is meant; and one code must not crowd out the others. */
export const findingsPerCodeMax = 100;
/** Questions to the live decision about what rules can match: about a second. */
const questionsMax = 200_000;

const severities: readonly Severity[] = ['error', 'warning', 'info'];

/** @param set.allowTrunklessCalls setting of the deployment */
export function lintRouting(
  set: RoutingSet & { readonly allowTrunklessCalls: boolean },
): LintResult {
  const routing = compileRouting(set);
  const budget: QuestionBudget = { left: questionsMax };
  const byCode = new Map<FindingCode, Finding[]>();
  let isCut = false;
  for (const finding of eachFinding(routing, budget)) {
    const alike = byCode.get(finding.code);
    if (alike === undefined) byCode.set(finding.code, [finding]);
    else if (alike.length < findingsPerCodeMax) alike.push(finding);
    else isCut = true;
  }
  const findings = [...byCode.values()]
    .flat()
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  return { findings, isCut: isCut || budget.left <= 0 };
}

function* eachFinding(routing: CompiledRouting, budget: QuestionBudget): Generator<Finding> {
  const facts = trunkFacts(routing);
  for (const conflict of listConflicts(routing)) yield conflictFinding(conflict);
  yield* lintTrunks(routing);
  for (const rule of routing.rules) {
    yield* lintRule(rule, routing, facts);
    yield* lintReachability(rule, routing, facts, budget);
  }
  yield* lintSpelling(routing);
}

function conflictFinding(conflict: Conflict): Finding {
  const { ids, field, sentence } = describeConflict(conflict);
  const [id = ''] = ids.slice(-1);
  switch (conflict.kind) {
    case 'trunk':
      return findingsOf('trunk', id)(
        'conflict',
        'error',
        field,
        sentence,
        'Give the two different numbers, callers or addresses.',
      );
    case 'rule':
      return findingsOf('rule', id)(
        'conflict',
        'error',
        field,
        sentence,
        'Give the two different trunks, numbers, callers or PINs.',
      );
    case 'rule-without-kind':
      return findingsOf('rule', id)(
        'rule-without-kind',
        'error',
        field,
        sentence,
        'Set one of the three.',
      );
    default:
      return conflict satisfies never;
  }
}

function* lintReachability(
  rule: CompiledRule,
  routing: CompiledRouting,
  facts: TrunkFacts,
  budget: QuestionBudget,
): Generator<Finding> {
  const trunks = trunksOf(rule, facts, routing.allowTrunklessCalls);
  const finding = findingsOf('rule', rule.id);
  const reachability = findReachability(rule, trunks, routing, budget);
  switch (reachability.kind) {
    case 'reachable':
    case 'unknown':
      return;
    case 'no-calls':
      // Missing trunks and numbers have their findings in lint-rules.ts.
      if (reachability.field !== 'inbound_numbers') return;
      yield finding(
        'caller-not-allowed',
        'error',
        'inbound_numbers',
        `Rule ${rule.id} is for calls from ${someOf([...(rule.callers ?? [])])}, and none of its trunks takes that caller.`,
        'Add the caller to allowed_numbers of a trunk of the rule, or correct it.',
      );
      return;
    case 'shadowed':
      yield finding(
        'shadowed-rule',
        'error',
        'rule',
        `Rule ${rule.id} is never chosen: for each of its calls ${someOf(reachability.byIds)} goes first.`,
        'Delete the rule, or make it name more than the others: trunk, called number, caller.',
      );
      return;
    default:
      reachability satisfies never;
  }
}
