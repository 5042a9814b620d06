/**
 * Why an object may not be stored beside others, in the words of LiveKit: tools read the ids and numbers
 * out of these texts. Only conflicts of the changed object count; an old one between two others must not
 * stand in its way.
 */
import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { compareCodePoints } from '../routing/compare-code-points.ts';
import type { CompiledRule } from '../routing/compiled-rule.ts';
import type { CompiledTrunk } from '../routing/compiled-trunk.ts';
import { findConflicts } from '../routing/conflicts.ts';
import { normalizeNumber } from '../routing/normalize-number.ts';
import { type Fault, fault } from './fault.ts';

/**
 * @param changed the trunk as it would be stored; without an id it is a new one
 * @param stored trunks that may conflict with it, in the order of their ids; its old form may be among them
 * @returns null: there is no conflict
 */
export function trunkConflictFault(
  changed: SIPInboundTrunkInfo,
  stored: Iterable<SIPInboundTrunkInfo>,
): Fault | null {
  const trunks = inPlace(changed, stored, (trunk) => trunk.sipTrunkId);
  const pairs = findConflicts({ trunks, rules: [] }).flatMap((conflict) =>
    conflict.kind === 'trunk' ? [conflict.trunks] : [],
  );
  const [pair] = pairs
    .filter((both) => both.some((trunk) => trunk.info === changed))
    .sort(([, a], [, b]) => trunks.indexOf(a.info) - trunks.indexOf(b.info));
  return pair === undefined ? null : fault('numbers', textOfTrunks(...pair));
}

/** The same for a dispatch rule. */
export function ruleConflictFault(
  changed: SIPDispatchRuleInfo,
  stored: Iterable<SIPDispatchRuleInfo>,
): Fault | null {
  const rules = inPlace(changed, stored, (rule) => rule.sipDispatchRuleId);
  const pair = findConflicts({ trunks: [], rules })
    .flatMap((conflict) => (conflict.kind === 'rule' ? [conflict.rules] : []))
    .find((both) => both.some((rule) => rule.info === changed));
  if (pair === undefined) return null;
  return fault('rule', textOfRule(pair[0]));
}

/** Names the rule that was there first. */
function textOfRule({ id, info }: CompiledRule): string {
  return `Dispatch rule for the same trunk, inbound number, number, and PIN combination already exists in dispatch rule ${quoted(idText(id))} ${quoted(info.name === '' ? '<blank name>' : info.name)}`;
}

/** The later of the two comes first, with its numbers. */
function textOfTrunks(earlier: CompiledTrunk, later: CompiledTrunk): string {
  const { numbers, allowedNumbers } = later.info;
  const list = numbers.length === 0 ? '<any>' : `[${numbers.map(quoted).join(' ')}]`;
  const caller = allowedNumbers.find((number) => earlier.callers?.has(normalizeNumber(number)));
  return `Conflicting inbound SIP Trunks: ${quoted(idText(later.id))} and ${quoted(idText(earlier.id))}, using the same number(s) ${list} ${
    caller === undefined ? 'without AllowedNumbers set' : `and AllowedNumber ${quoted(caller)}`
  }`;
}

/** New objects stand at the end, changed ones where their id belongs. */
function inPlace<T>(changed: T, stored: Iterable<T>, idOf: (item: T) => string): readonly T[] {
  const id = idOf(changed);
  const others = [...stored].filter((item) => idOf(item) !== id);
  const found = id === '' ? -1 : others.findIndex((item) => compareCodePoints(idOf(item), id) > 0);
  return others.toSpliced(found < 0 ? others.length : found, 0, changed);
}

function idText(id: string): string {
  return id === '' ? '<new>' : id;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
