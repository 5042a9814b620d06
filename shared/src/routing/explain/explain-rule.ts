/**
 * Why a dispatch rule takes a call or does not, in words. The verdict comes from the live decision, the
 * reasons from the predicates that it uses.
 */
import { candidateRules } from '../candidates.ts';
import type { CompiledRouting } from '../compile.ts';
import {
  type CompiledRule,
  type PinAnswer,
  type RuleMismatch,
  ruleMismatch,
} from '../compiled-rule.ts';
import type { RuleVerdict } from '../find-rule.ts';
import type { ComparedCall } from '../routed-call.ts';
import { alikeHint } from './numbers-alike.ts';
import {
  type FailedField,
  failedField,
  listText,
  subjectText,
  type TraceEntry,
  takeDistinct,
  traceEntriesMax,
} from './trace.ts';

/** What a rule is compared with. */
export interface RuleQuestion {
  /** null: no trunk took the call. */
  readonly trunkId: string | null;
  readonly call: ComparedCall;
  readonly pin: PinAnswer;
}

/** Numbers of a list that are searched for one that looks like the compared one. */
const searchedNumbersMax = 1_000;

/** The rules of the verdict, those that come into question for the trunk, then those of other trunks. */
export function traceRules(
  routing: CompiledRouting,
  question: RuleQuestion,
  verdict: RuleVerdict,
): { readonly entries: readonly TraceEntry[]; readonly isCut: boolean } {
  const winners = winnersOf(verdict);
  const { taken, isCut } = takeDistinct(
    traceEntriesMax,
    winners,
    candidateRules(routing, question.trunkId),
    routing.rules,
  );
  const skipped = routing.skippedRuleIds.slice(0, traceEntriesMax).map(explainSkipped);
  const entries = taken.map((rule) => explainRule(rule, question, winners));
  return { entries: [...entries, ...skipped], isCut };
}

function winnersOf(verdict: RuleVerdict): readonly CompiledRule[] {
  switch (verdict.kind) {
    case 'rule':
      return [verdict.rule];
    case 'ambiguous':
      return verdict.rules;
    case 'none':
      return [];
    default:
      return verdict satisfies never;
  }
}

/** One rule beside those that won (one; several in a set with a conflict; none). */
export function explainRule(
  rule: CompiledRule,
  question: RuleQuestion,
  winners: readonly CompiledRule[],
): TraceEntry {
  const subject = subjectText('Rule', rule.id, rule.info.name);
  const common = { id: rule.id, name: rule.info.name };
  const mismatch = ruleMismatch(rule, question.trunkId, question.call, question.pin);
  if (mismatch !== null) {
    const failed = failedOf(rule, question, mismatch);
    const sentence = `${subject} ${failureText(rule, question, failed)}`;
    return { ...common, matched: false, chosen: false, failed, sentence };
  }
  const chosen = winners.length === 1 && winners[0] === rule;
  const text = chosen ? chosenText(rule, question.pin) : outrankedText(rule, winners);
  return { ...common, matched: true, chosen, failed: null, sentence: `${subject} ${text}` };
}

function explainSkipped(id: string): TraceEntry {
  return {
    id,
    name: '',
    matched: false,
    chosen: false,
    failed: failedField('rule', [], ''),
    sentence: `Rule ${id} is skipped: it has none of dispatch_rule_direct, dispatch_rule_individual and dispatch_rule_callee.`,
  };
}

function failedOf(rule: CompiledRule, question: RuleQuestion, field: RuleMismatch): FailedField {
  switch (field) {
    case 'trunk_ids':
      return failedField(field, rule.trunkIds ?? [], question.trunkId ?? '');
    case 'numbers':
      return failedField(field, rule.numbers ?? [], question.call.called);
    case 'inbound_numbers':
      return failedField(field, rule.callers ?? [], question.call.caller);
    case 'pin':
    case 'rule':
      return failedField(field, [], '');
    default:
      return field satisfies never;
  }
}

function failureText(rule: CompiledRule, question: RuleQuestion, failed: FailedField): string {
  const { call, pin, trunkId } = question;
  switch (failed.field) {
    case 'trunk_ids':
      return `is for trunk ${listText(failed)}; ${trunkId === null ? 'no trunk took the call' : `trunk ${trunkId} took the call`}.`;
    case 'numbers':
      return `is for calls to ${listText(failed)}; this one is to ${call.called === '' ? 'no number' : call.called}.${alikeHint(rule.numbers ?? [], call.called, searchedNumbersMax)}`;
    case 'inbound_numbers':
      return `is for calls from ${listText(failed)}; this one is from ${call.caller === '' ? 'a caller without number' : call.caller}.${callerHint(rule, call)}`;
    default:
      return pinText(rule, pin);
  }
}

function callerHint(rule: CompiledRule, call: ComparedCall): string {
  if (rule.callers?.has(call.called) === true) {
    return ' The called number stands in its inbound_numbers, which is the list of callers; called numbers belong into numbers.';
  }
  return alikeHint(rule.callers ?? [], call.caller, searchedNumbersMax);
}

function pinText(rule: CompiledRule, pin: PinAnswer): string {
  if (pin.kind !== 'pin') return 'wants a PIN, and the caller has none.';
  return rule.pin === ''
    ? 'is open; once a PIN is sent, only rules with this PIN count.'
    : 'has another PIN.';
}

function chosenText(rule: CompiledRule, pin: PinAnswer): string {
  if (rule.pin === '') return 'takes the call.';
  return pin.kind === 'pin' && pin.digits !== ''
    ? 'takes the call: the PIN is right.'
    : 'takes the call and asks for a PIN.';
}

function outrankedText(rule: CompiledRule, winners: readonly CompiledRule[]): string {
  if (winners.length > 1) return 'would take the call, but the set of rules is in conflict.';
  const [first] = winners;
  if (first === undefined) return 'would take the call.';
  return `would take the call, but rule ${first.id} goes first: ${precedence(first, rule)}.`;
}

/** The criterion of compareRules that decides between the two, in its order. */
function precedence(first: CompiledRule, other: CompiledRule): string {
  if (first.trunkIds !== null && other.trunkIds === null) return 'it names the trunk';
  if (unnamed(first) !== unnamed(other)) return 'it names more of called number and caller';
  if ((first.pin === '') !== (other.pin === ''))
    return 'it has a PIN, and a PIN is asked for first';
  if (first.kind.case !== other.kind.case)
    return 'direct goes before individual, and that before callee';
  if (first.roomText !== other.roomText)
    return 'its room name or prefix comes first in the alphabet';
  return 'its id comes first in the alphabet';
}

function unnamed({ numbers, callers }: CompiledRule): number {
  return Number(numbers === null) + Number(callers === null);
}
