/**
 * Rules that claim the same calls, by trunk. LiveKit fails every call whose candidates hold such a pair,
 * whether or not the pair takes the call; so do we. Stored sets have none: this is for sets that somebody
 * brings along to a simulation.
 */
import type { CompiledRule } from './compiled-rule.ts';
import type { Layer } from './layer.ts';
import type { RuleIndex, RuleSlot } from './rule-index.ts';

type Rivals = readonly CompiledRule[];

export interface RuleRivals {
  /** The first pair of the whole set; null: the set has none. */
  readonly first: Rivals | null;
  /** The first pair among the rules for any trunk. */
  readonly anyTrunk: Rivals | null;
  /** The first pair among the rules that name a trunk, for trunks that have one. */
  readonly byTrunk: ReadonlyMap<string, Rivals>;
}

export function findRivals(index: RuleIndex): RuleRivals {
  const known = new Map<Layer<Layer<RuleSlot>>, Rivals | null>();
  const byTrunk = new Map<string, Rivals>();
  for (const [trunkId, node] of index.byKey) {
    let rivals = known.get(node);
    if (rivals === undefined) {
      rivals = firstIn(node);
      known.set(node, rivals);
    }
    if (rivals !== null) byTrunk.set(trunkId, rivals);
  }
  const anyTrunk = index.any === null ? null : firstIn(index.any);
  const [named = null] = byTrunk.values();
  return { first: anyTrunk ?? named, anyTrunk, byTrunk };
}

/** The pair that makes calls of this trunk ambiguous; without a trunk all rules are candidates. */
export function rivalsFor(rivals: RuleRivals, trunkId: string | null): Rivals | null {
  if (rivals.first === null || trunkId === null) return rivals.first;
  return rivals.byTrunk.get(trunkId) ?? rivals.anyTrunk;
}

function firstIn(byCalled: Layer<Layer<RuleSlot>>): Rivals | null {
  for (const byCaller of nodesOf(byCalled)) {
    for (const slot of nodesOf(byCaller)) {
      if (slot.rivals !== null) return slot.rivals;
    }
  }
  return null;
}

function* nodesOf<Node>(layer: Layer<Node>): Generator<Node> {
  if (layer.any !== null) yield layer.any;
  yield* layer.byKey.values();
}
