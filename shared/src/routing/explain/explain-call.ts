/**
 * A dry run that is the live code: the decision for a call by findTrunk and findRule, and for each trunk and
 * rule in words why it was chosen or not.
 */
import type { OutcomeReason } from '../../call/outcome.ts';
import type { CompiledRouting } from '../compile.ts';
import type { CompiledRule, PinAnswer } from '../compiled-rule.ts';
import type { CompiledTrunk } from '../compiled-trunk.ts';
import { findRule, type RuleVerdict } from '../find-rule.ts';
import { findTrunk, type TrunkVerdict } from '../find-trunk.ts';
import { compareForm, type RoutedCall } from '../routed-call.ts';
import { traceRules } from './explain-rule.ts';
import { traceTrunks } from './explain-trunk.ts';
import type { Trace, TraceEntry } from './trace.ts';

export interface ExplainInput {
  readonly routing: CompiledRouting;
  readonly call: RoutedCall;
  readonly pin: PinAnswer;
  /** Start behind the trunk step with this trunk, or with none (null). Left out: find the trunk. */
  readonly trunkId?: string | null;
}

export interface CallExplanation {
  readonly outcome: 'accept' | 'request-pin' | 'refuse' | 'error';
  /** Row of the table of outcomes for a refusal or an error; null for the others. */
  readonly reason: OutcomeReason | null;
  /** Trunk that took the call; null when none did or the step was left out. */
  readonly trunk: CompiledTrunk | null;
  readonly rule: CompiledRule | null;
  /** One or two sentences: what happens to the call and why. */
  readonly explanation: string;
  readonly trace: Trace;
}

export function explainCall(input: ExplainInput): CallExplanation {
  const { routing, call, trunkId } = input;
  if (trunkId !== undefined) return explainRules(input, trunkId, null, noTrunks);
  const verdict = findTrunk(routing, call);
  const trunks = traceTrunks(routing, compareForm(call), verdict);
  switch (verdict.kind) {
    case 'trunk':
      return explainRules(input, verdict.trunk.id, verdict.trunk, trunks);
    case 'trunkless':
      return explainRules(input, null, null, trunks);
    case 'none':
    case 'ambiguous':
      return refusedTrunk(verdict, call, trunks);
    default:
      return verdict satisfies never;
  }
}

interface PartOfTrace {
  readonly entries: readonly TraceEntry[];
  readonly isCut: boolean;
}

const noTrunks: PartOfTrace = { entries: [], isCut: false };

function refusedTrunk(
  verdict: TrunkVerdict,
  call: RoutedCall,
  { entries, isCut }: PartOfTrace,
): CallExplanation {
  const common = { trunk: null, rule: null, trace: { trunks: entries, rules: [], isCut } };
  if (verdict.kind === 'ambiguous') {
    const ids = verdict.trunks.map(({ id }) => id).join(' and ');
    const explanation = `Trunks ${ids} both take the call, and neither goes before the other.`;
    return { ...common, outcome: 'error', reason: 'routing-conflict', explanation };
  }
  const to = compareForm(call).called;
  const explanation = `No trunk takes the call to ${to === '' ? 'no number' : to} from ${call.source}. ${closest(entries) ?? 'There are no trunks.'}`;
  return { ...common, outcome: 'refuse', reason: 'no-trunk', explanation };
}

function explainRules(
  { routing, call, pin }: ExplainInput,
  trunkId: string | null,
  trunk: CompiledTrunk | null,
  trunks: PartOfTrace,
): CallExplanation {
  const verdict = findRule(routing, trunkId, call, pin);
  const rules = traceRules(routing, { trunkId, call: compareForm(call), pin }, verdict);
  const trace = {
    trunks: trunks.entries,
    rules: rules.entries,
    isCut: trunks.isCut || rules.isCut,
  };
  return { trunk, trace, ...ruleOutcome(verdict, trunkId, pin, rules.entries) };
}

function ruleOutcome(
  verdict: RuleVerdict,
  trunkId: string | null,
  pin: PinAnswer,
  entries: readonly TraceEntry[],
): Pick<CallExplanation, 'outcome' | 'reason' | 'rule' | 'explanation'> {
  switch (verdict.kind) {
    case 'rule': {
      const explanation = entries.find((entry) => entry.chosen)?.sentence ?? '';
      const outcome = verdict.needsPin ? 'request-pin' : 'accept';
      return { outcome, reason: null, rule: verdict.rule, explanation };
    }
    case 'ambiguous': {
      const ids = verdict.rules.map(({ id }) => id).join(' and ');
      const explanation = `Rules ${ids} claim the same calls.`;
      return { outcome: 'error', reason: 'routing-conflict', rule: null, explanation };
    }
    case 'none': {
      const asked = pin.kind === 'no-pin' || (pin.kind === 'pin' && pin.digits !== '');
      const of = trunkId === null ? 'a call without trunk' : `this call of trunk ${trunkId}`;
      const explanation = `No dispatch rule takes ${of}. ${closest(entries) ?? 'There are no rules.'}`;
      return {
        outcome: 'refuse',
        reason: asked ? 'wrong-pin' : 'no-rule',
        rule: null,
        explanation,
      };
    }
    default:
      return verdict satisfies never;
  }
}

/** Fields in the order in which they are compared: who fails late came close. */
const comparedFields = [
  'rule',
  'trunk_ids',
  'numbers',
  'allowed_addresses',
  'inbound_numbers',
  'allowed_numbers',
  'pin',
] as const;

function closest(entries: readonly TraceEntry[]): string | null {
  const distance = ({ failed }: TraceEntry) =>
    failed === null ? 0 : comparedFields.length - comparedFields.indexOf(failed.field);
  const [first] = entries.toSorted((a, b) => distance(a) - distance(b));
  return first?.sentence ?? null;
}
