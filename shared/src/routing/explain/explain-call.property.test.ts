/** What an explanation says is what the live decision does, for every set and every call. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pinAnswer, routedCall, routingSet, someTrunkId } from '../arbitrary-routing.fake.ts';
import { compileRouting, type RoutingSet } from '../compile.ts';
import { findConflicts } from '../conflicts.ts';
import { findRule } from '../find-rule.ts';
import { findTrunk } from '../find-trunk.ts';
import { explainCall } from './explain-call.ts';
import type { TraceEntry } from './trace.ts';

const runs = { numRuns: 1_000 };
const compiled = (set: RoutingSet, allowTrunklessCalls = false) =>
  compileRouting({ ...set, allowTrunklessCalls });
const matchedIds = (entries: readonly TraceEntry[]) =>
  new Set(entries.filter(({ matched }) => matched).map(({ id }) => id));
const chosenIds = (entries: readonly TraceEntry[]) =>
  entries.filter(({ chosen }) => chosen).map(({ id }) => id);

describe('the explanation of a call', () => {
  it('ends as the live decision ends', () => {
    fc.assert(
      fc.property(routingSet, routedCall, pinAnswer, fc.boolean(), (set, call, pin, trunkless) => {
        const routing = compiled(set, trunkless);
        const explained = explainCall({ routing, call, pin });
        const trunk = findTrunk(routing, call);
        if (trunk.kind === 'ambiguous') {
          expect(explained).toMatchObject({ outcome: 'error', trunk: null, rule: null });
          return;
        }
        if (trunk.kind === 'none') {
          expect(explained).toMatchObject({ outcome: 'refuse', reason: 'no-trunk', rule: null });
          return;
        }
        const trunkId = trunk.kind === 'trunk' ? trunk.trunk.id : null;
        expect(explained.trunk?.id ?? null).toBe(trunkId);
        const rule = findRule(routing, trunkId, call, pin);
        expect(explained.rule).toBe(rule.kind === 'rule' ? rule.rule : null);
        const asks = rule.kind === 'rule' && rule.needsPin ? 'request-pin' : 'accept';
        const outcomes = { rule: asks, none: 'refuse', ambiguous: 'error' };
        expect(explained.outcome).toBe(outcomes[rule.kind]);
      }),
      runs,
    );
  });

  it('calls matched exactly the trunks that would take the call if they were alone', () => {
    fc.assert(
      fc.property(routingSet, routedCall, ({ trunks }, call) => {
        const routing = compiled({ trunks, rules: [] });
        const { trace } = explainCall({ routing, call, pin: { kind: 'none-yet' } });
        const alone = trunks.filter(
          (trunk) => findTrunk(compiled({ trunks: [trunk], rules: [] }), call).kind === 'trunk',
        );
        expect(matchedIds(trace.trunks)).toEqual(new Set(alone.map((trunk) => trunk.sipTrunkId)));
      }),
      runs,
    );
  });

  it('calls matched exactly the rules that would take the call if they were alone', () => {
    fc.assert(
      fc.property(routingSet, someTrunkId, routedCall, pinAnswer, (set, trunkId, call, pin) => {
        const routing = compiled(set);
        const { trace } = explainCall({ routing, call, pin, trunkId });
        const alone = set.rules.filter((rule) => {
          const single = compiled({ trunks: [], rules: [rule] });
          return findRule(single, trunkId, call, pin).kind === 'rule';
        });
        expect(matchedIds(trace.rules)).toEqual(new Set(alone.map((r) => r.sipDispatchRuleId)));
      }),
      runs,
    );
  });

  it('names one chosen object, and says a sentence about each', () => {
    fc.assert(
      fc.property(routingSet, someTrunkId, routedCall, pinAnswer, (set, trunkId, call, pin) => {
        fc.pre(findConflicts(set).every(({ kind }) => kind === 'rule-without-kind'));
        const explained = explainCall({ routing: compiled(set), call, pin, trunkId });
        const chosen = explained.rule === null ? [] : [explained.rule.id];
        expect(chosenIds(explained.trace.rules)).toEqual(chosen);
        for (const entry of explained.trace.rules) {
          expect(entry.sentence).toMatch(/^Rule R\d .*\.$/);
          expect(entry.matched).toBe(entry.failed === null);
        }
      }),
      runs,
    );
  });
});
