/** The port of shared/livekit-api over the object store: what a request needs to know, answered from the index. */
import type { StoredRouting } from '@callgate/shared/livekit-api/stored-routing.ts';
import { SIPDispatchRuleInfo, type SIPInboundTrunkInfo } from '@livekit/protocol';
import { ruleKeys, trunkKeys } from './object-keys.ts';
import type { ObjectStore } from './object-store.ts';

/** Rows read at once while listing: about 1 MB. */
const pageRows = 1_000;

export function storedObjects(store: ObjectStore): StoredRouting {
  return {
    trunk: (id) => store.trunk(id) ?? undefined,
    rule: (id) => store.rule(id) ?? undefined,
    trunks: (afterId) => eachTrunk(store, afterId),
    rules: (afterId) => eachRule(store, afterId),
    trunksBeside: (trunk) =>
      store
        .rivals('trunk', trunkKeys(trunk), trunk.sipTrunkId)
        .toSorted()
        .flatMap((id) => store.trunk(id) ?? []),
    rulesBeside: (rule) =>
      store
        .rivals('rule', ruleKeys(rule), rule.sipDispatchRuleId)
        .toSorted()
        .flatMap((id) => store.rule(id) ?? []),
  };
}

export function* eachTrunk(store: ObjectStore, afterId: string): Generator<SIPInboundTrunkInfo> {
  for (let last = afterId; ; ) {
    const rows = store.page('trunk', last, pageRows);
    for (const row of rows) yield store.openTrunk(row.id, row);
    if (rows.length < pageRows) return;
    last = rows.at(-1)?.id ?? last;
  }
}

export function* eachRule(store: ObjectStore, afterId: string): Generator<SIPDispatchRuleInfo> {
  for (let last = afterId; ; ) {
    const rows = store.page('rule', last, pageRows);
    for (const row of rows) yield SIPDispatchRuleInfo.fromBinary(row.message);
    if (rows.length < pageRows) return;
    last = rows.at(-1)?.id ?? last;
  }
}
