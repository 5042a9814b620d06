/**
 * Which inbound trunk takes a call. A trunk that lists the called number goes before a wildcard; among
 * those, one whose addresses hold the source before one without addresses, then one that names the caller
 * before one that does not. Two that are still equal are an ambiguity, never a random pick.
 */

import type { CompiledRouting } from './compile.ts';
import { type CompiledTrunk, trunkMismatch } from './compiled-trunk.ts';
import type { Layer } from './layer.ts';
import { normalizeNumber } from './normalize-number.ts';
import { type ComparedCall, compareForm, type RoutedCall } from './routed-call.ts';
import { narrowedTrunks, type TrunkGroup } from './trunk-index.ts';

export type TrunkVerdict =
  | {
      readonly kind: 'trunk';
      readonly trunk: CompiledTrunk;
      /** `specific`: the trunk lists the called number; `default`: it is a wildcard. */
      readonly matchType: 'specific' | 'default';
    }
  /** No trunk takes the call, and the deployment lets such calls go on to the rules without trunk_ids. */
  | { readonly kind: 'trunkless' }
  | { readonly kind: 'none' }
  /** The set has a conflict that this call runs into. */
  | { readonly kind: 'ambiguous'; readonly trunks: readonly CompiledTrunk[] };

export function findTrunk(routing: CompiledRouting, call: RoutedCall): TrunkVerdict {
  const compared = compareForm(call);
  const { byKey, any } = routing.trunkIndex;
  return (
    bestOf(byKey.get(compared.called), compared, 'specific') ??
    bestOf(any, compared, 'default') ??
    (routing.allowTrunklessCalls ? { kind: 'trunkless' } : { kind: 'none' })
  );
}

/**
 * Whether no trunk that calls to this number can meet names its callers: then findTrunk gives each caller from one source the same verdict. Costs the same whatever the size
 * of the table, so it may be false where the verdicts are the same all the same.
 */
export function namesNoCaller(
  { trunkIndex: { byKey, any } }: CompiledRouting,
  called: string,
): boolean {
  return [byKey.get(normalizeNumber(called)), any].every(
    (byCaller) => byCaller === null || byCaller === undefined || byCaller.byKey.size === 0,
  );
}

function bestOf(
  byCaller: Layer<TrunkGroup> | null | undefined,
  call: ComparedCall,
  matchType: 'specific' | 'default',
): TrunkVerdict | null {
  if (byCaller === null || byCaller === undefined) return null;
  for (const group of narrowedTrunks(byCaller, call)) {
    // Overlapping entries of one list bring one trunk twice.
    const trunks = new Set(group.filter((trunk) => trunkMismatch(trunk, call) === null));
    const [trunk] = trunks;
    if (trunk === undefined) continue;
    return trunks.size === 1
      ? { kind: 'trunk', trunk, matchType }
      : { kind: 'ambiguous', trunks: [...trunks] };
  }
  return null;
}
