/**
 * A conflict in words for people: both objects, the field, and the value they share. PINs stay out of it.
 */
import type { Conflict } from './conflicts.ts';

export interface ConflictDescription {
  /** Ids of the objects, the earlier one of the set first. */
  readonly ids: readonly string[];
  /** Field of the objects that has to change, in proto JSON. */
  readonly field: string;
  readonly sentence: string;
}

export function describeConflict(conflict: Conflict): ConflictDescription {
  switch (conflict.kind) {
    case 'trunk': {
      const ids = conflict.trunks.map(({ id }) => id);
      const sentence = `Trunks ${ids.join(' and ')} both take calls to ${numberText(conflict.called)} from ${callerText(conflict.caller)} and from the same addresses.`;
      return { ids, field: 'numbers', sentence };
    }
    case 'rule': {
      const ids = conflict.rules.map(({ id }) => id);
      const trunk = conflict.trunkId === null ? 'any trunk' : `trunk ${conflict.trunkId}`;
      const pin = conflict.pin === '' ? 'without PIN' : 'with the same PIN';
      const sentence = `Dispatch rules ${ids.join(' and ')} both take calls of ${trunk} to ${numberText(conflict.called)} from ${callerText(conflict.caller)}, ${pin}.`;
      return { ids, field: 'rule', sentence };
    }
    case 'rule-without-kind':
      return {
        ids: [conflict.ruleId],
        field: 'rule',
        sentence: `Dispatch rule ${conflict.ruleId} has none of dispatch_rule_direct, dispatch_rule_individual and dispatch_rule_callee.`,
      };
    default:
      return conflict satisfies never;
  }
}

function numberText(called: string | null): string {
  return called === null ? 'any number' : called;
}

function callerText(caller: string | null): string {
  return caller === null ? 'any caller' : caller;
}
