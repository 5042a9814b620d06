import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pinAnswer, routedCall, routingSet } from '../arbitrary-routing.fake.ts';
import { compileRouting } from '../compile.ts';
import { findRule } from '../find-rule.ts';
import { findTrunk } from '../find-trunk.ts';
import { lintRouting } from './lint-routing.ts';
import { lint, rule, summary, trunk } from './lint-table.fixture.ts';

describe('a shadowed rule', () => {
  it('is a default rule beside a rule for each trunk', () => {
    const table = {
      trunks: [
        trunk('T', { numbers: ['1'] }),
        trunk('U', { numbers: ['2'], auth_password: 'another long secret' }),
      ],
      rules: [rule('A', { trunk_ids: ['T'] }), rule('B', { trunk_ids: ['U'] }), rule('C')],
    };
    expect(summary(table)).toEqual(['shadowed-rule C rule error']);
    expect(lint(table)[0]?.sentence).toContain('A, B goes first');
  });

  it('is one behind rules for each number of its trunk', () => {
    const table = {
      trunks: [trunk('T', { numbers: ['1', '2'] })],
      rules: [
        rule('A', { trunk_ids: ['T'], numbers: ['1'] }),
        rule('B', { trunk_ids: ['T'], numbers: ['2'] }),
        rule('C', { trunk_ids: ['T'] }),
      ],
    };
    expect(summary(table)).toEqual(['shadowed-rule C rule error']);
  });

  it('is one with a PIN that is never asked for', () => {
    const table = {
      trunks: [trunk('T')],
      rules: [rule('A', { trunk_ids: ['T'] }), rule('B', {}, '471112')],
    };
    expect(summary(table)).toEqual(['shadowed-rule B rule error']);
  });

  it('is none when the caller reaches it without a PIN', () => {
    const table = {
      trunks: [trunk('T')],
      rules: [rule('A', { trunk_ids: ['T'] }, '471112'), rule('B')],
    };
    expect(summary(table)).toEqual([]);
  });

  it('is none when one caller of many reaches it', () => {
    const table = {
      trunks: [trunk('T', { allowed_numbers: ['7', '8'] })],
      rules: [
        rule('A', { trunk_ids: ['T'], inbound_numbers: ['7'] }),
        rule('B', { trunk_ids: ['T'] }),
      ],
    };
    expect(summary(table)).toEqual([]);
  });

  it('is none when trunkless calls reach it', () => {
    const table = {
      trunks: [trunk('T')],
      rules: [rule('A', { trunk_ids: ['T'] }), rule('B')],
      allowTrunklessCalls: true,
    };
    expect(summary(table)).toEqual(['rule-open-to-strangers B trunk_ids warning']);
  });

  it('is never one that a call reaches', () => {
    fc.assert(
      fc.property(routingSet, fc.boolean(), routedCall, pinAnswer, (set, trunkless, call, pin) => {
        const routing = compileRouting({ ...set, allowTrunklessCalls: trunkless });
        const found = findTrunk(routing, call);
        if (found.kind === 'none' || found.kind === 'ambiguous') return;
        const trunkId = found.kind === 'trunk' ? found.trunk.id : null;
        const asked = findRule(routing, trunkId, call, { kind: 'none-yet' });
        // A PIN is only asked for when the first answer is a rule with a PIN.
        const answer =
          asked.kind === 'rule' && asked.needsPin ? pin : { kind: 'none-yet' as const };
        const verdict = findRule(routing, trunkId, call, answer);
        if (verdict.kind !== 'rule' || verdict.needsPin) return;
        const { findings } = lintRouting({ ...set, allowTrunklessCalls: trunkless });
        const dead = findings.filter(
          ({ code, severity }) =>
            ['shadowed-rule', 'caller-not-allowed', 'rule-for-no-trunk'].includes(code) ||
            (code === 'number-not-served' && severity === 'error'),
        );
        expect(dead.map(({ id }) => id)).not.toContain(verdict.rule.id);
      }),
      { numRuns: 1_000 },
    );
  });
});
