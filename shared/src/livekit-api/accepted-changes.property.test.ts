/**
 * Whatever the API accepts leaves a set without conflicts, whatever the order of requests, and an index
 * that answers no more than the port StoredRouting promises is enough for that.
 */
import {
  CreateSIPDispatchRuleRequest,
  CreateSIPInboundTrunkRequest,
  ListUpdate,
  type SIPDispatchRuleInfo,
  type SIPInboundTrunkInfo,
  SIPInboundTrunkUpdate,
  UpdateSIPInboundTrunkRequest,
} from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { routingSet } from '../routing/arbitrary-routing.fake.ts';
import { findConflicts } from '../routing/conflicts.ts';
import { normalizeNumber } from '../routing/normalize-number.ts';
import { handleCreateSIPDispatchRule } from './dispatch-rules.ts';
import { handleCreateSIPInboundTrunk, handleUpdateSIPInboundTrunk } from './inbound-trunks.ts';
import { type StoredRouting, storedRouting } from './stored-routing.ts';

const runs = { numRuns: 500 };

function meet(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === 0 || b.length === 0) return a.length === b.length;
  return a.some((one) => b.some((other) => normalizeNumber(one) === normalizeNumber(other)));
}

/** The port, with the least that it may answer. */
function leastStored(
  trunks: readonly SIPInboundTrunkInfo[],
  rules: readonly SIPDispatchRuleInfo[],
): StoredRouting {
  const pinOf = (rule: SIPDispatchRuleInfo) => rule.rule?.rule.value?.pin;
  return {
    ...storedRouting({ trunks, rules }),
    trunksBeside: ({ numbers }) => trunks.filter((trunk) => meet(trunk.numbers, numbers)),
    rulesBeside: (rule) =>
      rules.filter(
        (other) =>
          meet(other.trunkIds, rule.trunkIds) &&
          meet(other.numbers, rule.numbers) &&
          meet(other.inboundNumbers, rule.inboundNumbers) &&
          pinOf(other) === pinOf(rule),
      ),
  };
}

/** Creates the objects of a set one by one and keeps those that are accepted. */
function createAll(wanted: {
  trunks: readonly SIPInboundTrunkInfo[];
  rules: readonly SIPDispatchRuleInfo[];
}) {
  const trunks: SIPInboundTrunkInfo[] = [];
  const rules: SIPDispatchRuleInfo[] = [];
  for (const info of wanted.trunks) {
    const trunk = info.clone();
    trunk.sipTrunkId = '';
    const request = new CreateSIPInboundTrunkRequest({ trunk });
    const answer = handleCreateSIPInboundTrunk(
      leastStored(trunks, rules),
      request,
      info.sipTrunkId,
    );
    const ofWhole = handleCreateSIPInboundTrunk(
      storedRouting({ trunks, rules }),
      request,
      info.sipTrunkId,
    );
    expect(answer).toEqual(ofWhole);
    if (answer.kind === 'ok') trunks.push(answer.response);
  }
  for (const info of wanted.rules) {
    const dispatchRule = info.clone();
    dispatchRule.sipDispatchRuleId = '';
    const request = new CreateSIPDispatchRuleRequest({ dispatchRule });
    const answer = handleCreateSIPDispatchRule(
      leastStored(trunks, rules),
      request,
      info.sipDispatchRuleId,
    );
    if (answer.kind === 'ok') rules.push(answer.response);
  }
  return { trunks, rules };
}

describe('accepted requests', () => {
  it('leave a set without conflicts, and refuse only what would make one', () => {
    fc.assert(
      fc.property(routingSet, (wanted) => {
        const stored = createAll(wanted);
        expect(findConflicts(stored)).toEqual([]);
        for (const rule of wanted.rules) {
          const isStored = stored.rules.some(
            (one) => one.sipDispatchRuleId === rule.sipDispatchRuleId,
          );
          const conflicts = findConflicts({ trunks: [], rules: [...stored.rules, rule] });
          if (!isStored) expect(conflicts).not.toEqual([]);
        }
      }),
      runs,
    );
  });

  it('leave a set without conflicts after updates of numbers, too', () => {
    const updates = fc.array(
      fc.record({
        id: fc.constantFrom('T0', 'T1', 'T2'),
        set: fc.subarray(['1', '+1', '2', 'alice']),
      }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(routingSet, updates, (wanted, changes) => {
        let { trunks, rules } = createAll(wanted);
        for (const { id, set } of changes) {
          const numbers = new ListUpdate(set.length === 0 ? { clear: true } : { set });
          const value = new SIPInboundTrunkUpdate({ numbers });
          const request = new UpdateSIPInboundTrunkRequest({
            sipTrunkId: id,
            action: { case: 'update', value },
          });
          const answer = handleUpdateSIPInboundTrunk(leastStored(trunks, rules), request);
          if (answer.kind === 'error') continue;
          trunks = trunks.map((trunk) => (trunk.sipTrunkId === id ? answer.response : trunk));
          expect(findConflicts({ trunks, rules })).toEqual([]);
        }
      }),
      runs,
    );
  });
});
