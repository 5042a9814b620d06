/** The linter over the stored table. A table too large to be looked through in a second is not: the answer says so. */

import type { Finding } from '@callgate/shared/routing/lint/finding.ts';
import { lintRouting } from '@callgate/shared/routing/lint/lint-routing.ts';
import type { ObjectStore } from './object-store.ts';
import { eachRule, eachTrunk } from './stored-objects.ts';

/** Numbers, callers, trunks and PINs of all objects that are looked through: about 0.2 s. */
const keysMax = 50_000;

export interface StoredLint {
  readonly findings: readonly Finding[];
  /** There is more to look at than was looked at. */
  readonly is_cut: boolean;
}

export function lintStored(store: ObjectStore, allowTrunklessCalls: boolean): StoredLint {
  if (store.hasMoreKeysThan(keysMax)) return { findings: [], is_cut: true };
  const { findings, isCut } = lintRouting({
    trunks: [...eachTrunk(store, '')],
    rules: [...eachRule(store, '')],
    allowTrunklessCalls,
  });
  return { findings, is_cut: isCut };
}
