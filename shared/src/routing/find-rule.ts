/**
 * Which dispatch rule takes a call. Rules that name the trunk go before rules for any trunk; then rules
 * that name more of called number and caller; then rules with a PIN, so that the PIN is asked for; then
 * direct, individual, callee; then room name; then id.
 */
import type { CompiledRouting } from './compile.ts';
import { type CompiledRule, compareRules, type PinAnswer, ruleMismatch } from './compiled-rule.ts';
import { compareForm, type RoutedCall } from './routed-call.ts';
import { narrowedRules } from './rule-index.ts';
import { rivalsFor } from './rule-rivals.ts';

export type RuleVerdict =
  | {
      readonly kind: 'rule';
      readonly rule: CompiledRule;
      /** The rule has a PIN and the caller has not keyed it in yet. */
      readonly needsPin: boolean;
    }
  | { readonly kind: 'none' }
  /** Two rules for this trunk (or for any) claim the same calls: the set has a conflict. */
  | { readonly kind: 'ambiguous'; readonly rules: readonly CompiledRule[] };

/**
 * @param trunkId trunk that took the call; null: none did
 * @param pin what the caller has said about a PIN; once a PIN is sent, open rules are out
 */
export function findRule(
  routing: CompiledRouting,
  trunkId: string | null,
  call: RoutedCall,
  pin: PinAnswer,
): RuleVerdict {
  const compared = compareForm(call);
  const { byKey, any } = routing.ruleIndex;
  const rivals = rivalsFor(routing.ruleRivals, trunkId);
  if (rivals !== null) return { kind: 'ambiguous', rules: rivals };
  for (const byCalled of [trunkId === null ? undefined : byKey.get(trunkId), any]) {
    if (byCalled === null || byCalled === undefined) continue;
    let best: CompiledRule | null = null;
    for (const rule of narrowedRules(byCalled, compared, pin)) {
      if (ruleMismatch(rule, trunkId, compared, pin) !== null) continue;
      if (best === null || compareRules(rule, best) < 0) best = rule;
    }
    if (best !== null) {
      const sent = pin.kind === 'pin' && pin.digits !== '';
      return { kind: 'rule', rule: best, needsPin: best.pin !== '' && !sent };
    }
  }
  return { kind: 'none' };
}
