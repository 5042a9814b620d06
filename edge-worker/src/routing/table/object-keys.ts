/**
 * The keys under which trunks and rules are found: in which dimension, and `=` before each normalised text. An empty list means any and is
 * the key ''. Two objects that conflict share a key in every dimension, so whoever holds all objects that share one dimension's keys
 * holds all rivals.
 */
import { normalizeNumber } from '@callgate/shared/routing/normalize-number.ts';
import type { SIPDispatchRule, SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';

export type ObjectKind = 'trunk' | 'rule';
export type Dimension = 'number' | 'caller' | 'trunk' | 'pin';

/** The key of an empty list. */
export const anyKey = '';

/** The key of a text; a list may well hold the empty text, which is not "any". */
export function keyOf(text: string): string {
  return `=${text}`;
}

/** The text of a key that is not anyKey. */
export function textOf(key: string): string {
  return key.slice(1);
}

export interface ObjectKeys {
  readonly number: ReadonlySet<string>;
  readonly caller: ReadonlySet<string>;
  /** Rules only. */
  readonly trunk?: ReadonlySet<string>;
  readonly pin?: ReadonlySet<string>;
}

export function trunkKeys(trunk: SIPInboundTrunkInfo): ObjectKeys {
  return { number: numberKeys(trunk.numbers), caller: numberKeys(trunk.allowedNumbers) };
}

export function ruleKeys(rule: SIPDispatchRuleInfo): ObjectKeys {
  return {
    number: numberKeys(rule.numbers),
    caller: numberKeys(rule.inboundNumbers),
    trunk: orAny(rule.trunkIds),
    pin: orAny([pinOf(rule.rule)].filter((pin) => pin !== '')),
  };
}

/** '' : open, or of no kind. */
export function pinOf(rule: SIPDispatchRule | undefined): string {
  return rule?.rule.value?.pin ?? '';
}

function numberKeys(numbers: readonly string[]): ReadonlySet<string> {
  return orAny(numbers.map(normalizeNumber));
}

function orAny(texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.length === 0 ? [anyKey] : texts.map(keyOf));
}
