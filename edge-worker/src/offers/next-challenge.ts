/**
 * What a node may say by itself to the next INVITE without credentials from the source of a call to its number. Given only where it is what this edge would answer on the same
 * revision whoever calls; the verdict over the answer stays here.
 */
import type { NextChallenge } from '@callgate/shared/contract/decision.ts';
import { challengeLimits } from '@callgate/shared/limits.ts';
import type { TrunkVerdict } from '@callgate/shared/routing/find-trunk.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';
import { type RoutingView, takesEveryCaller } from '../routing/shards/routing-view.ts';
import type { DigestAlgorithmName, DigestCredential } from '../trust/digest/digest-algorithms.ts';
import { type KeyScope, nonceKey, nonceKeyLeftMs } from '../trust/digest/nonce.ts';

/** What the callers of a trunk are asked for. */
export interface Demand {
  readonly credential: DigestCredential;
  readonly scope: KeyScope;
  readonly algorithms: readonly DigestAlgorithmName[];
}

/** 407: the edge asks as a proxy does, for every trunk. */
export const challengeStatus = 407;

/** undefined: another caller might be answered otherwise, or a node would not take it. */
export function nextChallenge(
  view: RoutingView,
  found: Extract<TrunkVerdict, { kind: 'trunk' }>,
  call: RoutedCall,
  { scope, algorithms }: Demand,
  nowMs: number,
): NextChallenge | undefined {
  if (!takesEveryCaller(view, found, call)) return undefined;
  if (scope.realm.length > challengeLimits.realmCharactersMax) return undefined;
  return {
    status: challengeStatus,
    realm: scope.realm,
    algorithms: [...algorithms],
    nonce_key: nonceKey(scope, nowMs),
    issued_at_ms: nowMs,
    good_ms: nonceKeyLeftMs(nowMs),
  };
}
