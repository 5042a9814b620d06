import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { conflictsListedMax, findConflicts } from './conflicts.ts';

const trunk = (sipTrunkId: string, numbers: string[], allowedAddresses: string[] = []) =>
  new SIPInboundTrunkInfo({ sipTrunkId, numbers, allowedAddresses });
const rule = (id: string, json: Record<string, string[]>) =>
  SIPDispatchRuleInfo.fromJson({
    sip_dispatch_rule_id: id,
    rule: { dispatch_rule_direct: { room_name: 'r', pin: '4711' } },
    ...json,
  });

describe('findConflicts', () => {
  it('names both trunks in the order of the set, and the number', () => {
    const trunks = [trunk('A', ['1', '2']), trunk('B', ['+2'])];
    const [conflict, ...others] = findConflicts({ trunks, rules: [] });
    expect(others).toEqual([]);
    expect(conflict).toMatchObject({
      kind: 'trunk',
      trunks: [{ id: 'A' }, { id: 'B' }],
      called: '+2',
      caller: null,
    });
  });

  it('names a pair of overlapping networks once', () => {
    const trunks = [
      trunk('A', ['1'], ['10.1.0.0/16', '10.2.0.0/16']),
      trunk('B', ['1'], ['10.1.0.0/16', '10.0.0.0/8']),
    ];
    const conflicts = findConflicts({ trunks, rules: [] });
    expect(conflicts).toMatchObject([{ kind: 'trunk', trunks: [{ id: 'A' }, { id: 'B' }] }]);
  });

  it('names both rules, trunk, number, caller and PIN', () => {
    const rules = [
      rule('A', { trunk_ids: ['T1', 'T2'], numbers: ['1'], inbound_numbers: ['7'] }),
      rule('B', { trunk_ids: ['T2'], numbers: ['+1'], inbound_numbers: ['7', '8'] }),
    ];
    expect(findConflicts({ trunks: [], rules })).toMatchObject([
      {
        kind: 'rule',
        rules: [{ id: 'A' }, { id: 'B' }],
        trunkId: 'T2',
        called: '+1',
        caller: '+7',
        pin: '4711',
      },
    ]);
  });

  it('names a rule without a kind', () => {
    const rules = [new SIPDispatchRuleInfo({ sipDispatchRuleId: 'A' })];
    expect(findConflicts({ trunks: [], rules })).toEqual([
      { kind: 'rule-without-kind', ruleId: 'A' },
    ]);
  });

  it('does not list more than anybody reads', () => {
    const trunks = Array.from({ length: conflictsListedMax + 500 }, (_, n) =>
      trunk(`T${n}`, ['1']),
    );
    expect(findConflicts({ trunks, rules: [] })).toHaveLength(conflictsListedMax);
  });

  it('takes 100,000 trunks on one number with addresses of their own for what they are', () => {
    const trunks = Array.from({ length: 100_000 }, (_, n) =>
      trunk(`T${n}`, ['1'], [`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`]),
    );
    expect(findConflicts({ trunks, rules: [] })).toEqual([]);
  });
});
