/**
 * What the requests of livekit.SIP need to know of storage: the port that the edge's table stands behind.
 * Whoever implements it may answer from an index; nothing here asks for the whole table but a list request.
 */
import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { compareCodePoints } from '../routing/compare-code-points.ts';
import type { RoutingSet } from '../routing/compile.ts';

export interface StoredRouting {
  readonly trunk: (id: string) => SIPInboundTrunkInfo | undefined;
  readonly rule: (id: string) => SIPDispatchRuleInfo | undefined;
  /** All trunks in the order of their ids (by code point), those with an id up to `afterId` left out. */
  readonly trunks: (afterId: string) => Iterable<SIPInboundTrunkInfo>;
  readonly rules: (afterId: string) => Iterable<SIPDispatchRuleInfo>;
  /**
   * In the order of their ids, at least the stored trunks that have a called number in common with this
   * one after normalisation; for a trunk without numbers: those without numbers.
   */
  readonly trunksBeside: (trunk: SIPInboundTrunkInfo) => Iterable<SIPInboundTrunkInfo>;
  /**
   * In the order of their ids, at least the stored rules that have trunk, called number, caller and PIN in
   * common with this one (an empty list has only empty lists in common).
   */
  readonly rulesBeside: (rule: SIPDispatchRuleInfo) => Iterable<SIPDispatchRuleInfo>;
}

/** The port over a set in memory. */
export function storedRouting(set: RoutingSet): StoredRouting {
  const trunks = byId(set.trunks, (trunk) => trunk.sipTrunkId);
  const rules = byId(set.rules, (rule) => rule.sipDispatchRuleId);
  const after = <T>(items: ReadonlyMap<string, T>, afterId: string) =>
    [...items].filter(([id]) => compareCodePoints(id, afterId) > 0).map(([, item]) => item);
  return {
    trunk: (id) => trunks.get(id),
    rule: (id) => rules.get(id),
    trunks: (afterId) => after(trunks, afterId),
    rules: (afterId) => after(rules, afterId),
    trunksBeside: () => trunks.values(),
    rulesBeside: () => rules.values(),
  };
}

function byId<T>(items: readonly T[], idOf: (item: T) => string): ReadonlyMap<string, T> {
  const sorted = items.toSorted((a, b) => compareCodePoints(idOf(a), idOf(b)));
  return new Map(sorted.map((item) => [idOf(item), item]));
}
