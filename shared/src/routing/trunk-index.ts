/**
 * Trunks filed for look-up: by called number, then by caller, then by source address. In a set without
 * conflicts each group at the end yields at most one trunk for a call.
 */
import type { CompiledTrunk } from './compiled-trunk.ts';
import { buildLayer, type Layer, nodesFor } from './layer.ts';
import { addPrefix, emptyPrefixIndex, findByAddress, type PrefixIndex } from './prefix-index.ts';
import type { ComparedCall } from './routed-call.ts';

/** Trunks with the same called number (or none) and the same caller (or none). */
export interface TrunkGroup {
  readonly trunks: readonly CompiledTrunk[];
  /** Trunks that name addresses. */
  readonly addressed: PrefixIndex<CompiledTrunk>;
  /** Trunks for every source. */
  readonly everySource: readonly CompiledTrunk[];
}

/** Called number, then caller; under `any` of the first layer lie the wildcard trunks. */
export type TrunkIndex = Layer<Layer<TrunkGroup>>;

const noAddresses = emptyPrefixIndex<CompiledTrunk>();

export function buildTrunkIndex(trunks: readonly CompiledTrunk[]): TrunkIndex {
  return buildLayer(
    trunks,
    (trunk) => trunk.numbers,
    (sameNumber) => buildLayer(sameNumber, (trunk) => trunk.callers, buildGroup),
  );
}

/**
 * Groups of trunks that come into question for a call among those with its number (or the wildcards), the
 * most specific first: the source named before not named, since a caller number can be forged and a source
 * address less so; then the caller named before not named.
 */
export function* narrowedTrunks(
  byCaller: Layer<TrunkGroup>,
  call: ComparedCall,
): Generator<readonly CompiledTrunk[]> {
  const groups = nodesFor(byCaller, call.caller);
  if (call.source !== null) {
    for (const group of groups) yield findByAddress(group.addressed, call.source);
  }
  for (const group of groups) yield group.everySource;
}

function buildGroup(trunks: readonly CompiledTrunk[]): TrunkGroup {
  if (trunks.every((trunk) => trunk.addresses.everybody)) {
    return { trunks, addressed: noAddresses, everySource: trunks };
  }
  const addressed = emptyPrefixIndex<CompiledTrunk>();
  for (const trunk of trunks) {
    for (const prefix of trunk.addresses.prefixes) addPrefix(addressed, prefix, trunk);
  }
  return { trunks, addressed, everySource: trunks.filter((trunk) => trunk.addresses.everybody) };
}
