/**
 * A dispatch rule ready for comparison: the predicates of rule matching (which field keeps a call out) and
 * the order among the rules that take a call. The live decision and its explanation use these same
 * functions.
 */
import type { SIPDispatchRule, SIPDispatchRuleInfo } from '@livekit/protocol';
import { compareCodePoints } from './compare-code-points.ts';
import { numberSet } from './compiled-trunk.ts';
import type { ComparedCall } from './routed-call.ts';

/** What the caller has said about a PIN so far. An empty PIN counts as nothing said. */
export type PinAnswer =
  | { readonly kind: 'none-yet' }
  | { readonly kind: 'no-pin' }
  | { readonly kind: 'pin'; readonly digits: string };

/** A rule of a known kind: `rule.rule` with its member set. */
export type RuleKind = Exclude<SIPDispatchRule['rule'], { case: undefined }>;

export interface CompiledRule {
  readonly id: string;
  readonly info: SIPDispatchRuleInfo;
  readonly kind: RuleKind;
  /** Trunks of the rule; null: any trunk, and calls without trunk. */
  readonly trunkIds: ReadonlySet<string> | null;
  /** Normalised `numbers` (called); null: all. */
  readonly numbers: ReadonlySet<string> | null;
  /** Normalised `inbound_numbers` (calling); null: all. */
  readonly callers: ReadonlySet<string> | null;
  /** `''`: open. */
  readonly pin: string;
  /** Lower goes first. */
  readonly priority: number;
  /** Room name or room prefix: breaks ties of priority. */
  readonly roomText: string;
}

/** The field of a rule that keeps a call out; `rule`: the rule has no kind. */
export type RuleMismatch = 'rule' | 'trunk_ids' | 'numbers' | 'inbound_numbers' | 'pin';

const kindPriority = {
  dispatchRuleDirect: 0,
  dispatchRuleIndividual: 1,
  dispatchRuleCallee: 2,
} as const;
/** Among rules that are otherwise alike those with a PIN go first, so that the PIN is asked for. */
const openPenalty = 100;
/** For each of the lists numbers and inbound_numbers that the rule leaves empty. */
const unnamedPenalty = 1_000;

/** null when the rule has no kind: it is skipped, and the other rules go on working. */
export function compileRule(info: SIPDispatchRuleInfo): CompiledRule | null {
  const kind = info.rule?.rule;
  if (kind === undefined || kind.case === undefined) return null;
  const numbers = numberSet(info.numbers);
  const callers = numberSet(info.inboundNumbers);
  const pin = kind.value.pin;
  return {
    id: info.sipDispatchRuleId,
    info,
    kind,
    trunkIds: info.trunkIds.length === 0 ? null : new Set(info.trunkIds),
    numbers,
    callers,
    pin,
    priority:
      kindPriority[kind.case] +
      (pin === '' ? openPenalty : 0) +
      (numbers === null ? unnamedPenalty : 0) +
      (callers === null ? unnamedPenalty : 0),
    roomText: kind.case === 'dispatchRuleDirect' ? kind.value.roomName : kind.value.roomPrefix,
  };
}

/** The first field that does not take the call; null: the rule takes it. */
export function ruleMismatch(
  rule: CompiledRule,
  trunkId: string | null,
  call: ComparedCall,
  pin: PinAnswer,
): RuleMismatch | null {
  if (rule.trunkIds !== null && (trunkId === null || !rule.trunkIds.has(trunkId))) {
    return 'trunk_ids';
  }
  if (rule.numbers !== null && !rule.numbers.has(call.called)) return 'numbers';
  if (rule.callers !== null && !rule.callers.has(call.caller)) return 'inbound_numbers';
  return pinFits(rule, pin) ? null : 'pin';
}

/** Order of two rules that both take a call: the one that names the trunk, then priority, room text, id. */
export function compareRules(a: CompiledRule, b: CompiledRule): number {
  return (
    Number(a.trunkIds === null) - Number(b.trunkIds === null) ||
    a.priority - b.priority ||
    compareCodePoints(a.roomText, b.roomText) ||
    compareCodePoints(a.id, b.id)
  );
}

/** Without an answer all rules stay; "no PIN" leaves the open ones; a PIN leaves only rules with this PIN. */
function pinFits(rule: CompiledRule, pin: PinAnswer): boolean {
  switch (pin.kind) {
    case 'none-yet':
      return true;
    case 'no-pin':
      return rule.pin === '';
    case 'pin':
      return pin.digits === '' || rule.pin === pin.digits;
    default:
      return pin satisfies never;
  }
}
