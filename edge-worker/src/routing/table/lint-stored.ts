/** The linter over the stored table. A table too large to be looked through in a second is not: the answer says so. */

import type { Finding } from '@callgate/shared/routing/lint/finding.ts';
import { lintRouting } from '@callgate/shared/routing/lint/lint-routing.ts';
import type { ObjectStore } from './object-store.ts';
import { eachRule, eachTrunk } from './stored-objects.ts';

/** Objects that are looked through. */
const objectsMax = 5_000;

export interface StoredLint {
  readonly findings: readonly Finding[];
  /** There is more to look at than was looked at. */
  readonly is_cut: boolean;
}

export function lintStored(store: ObjectStore, allowTrunklessCalls: boolean): StoredLint {
  const trunks = take(eachTrunk(store, ''), objectsMax);
  const rules = take(eachRule(store, ''), objectsMax);
  if (trunks === null || rules === null) return { findings: [], is_cut: true };
  const { findings, isCut } = lintRouting({ trunks, rules, allowTrunklessCalls });
  return { findings, is_cut: isCut };
}

/** All items; null: there are more than `max`. */
function take<T>(items: Iterable<T>, max: number): T[] | null {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length === max) return null;
    taken.push(item);
  }
  return taken;
}
