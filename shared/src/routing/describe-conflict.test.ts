import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { findConflicts } from './conflicts.ts';
import { describeConflict } from './describe-conflict.ts';

describe('describeConflict', () => {
  it('names both trunks and the number they share', () => {
    const trunks = ['A', 'B'].map((id) =>
      SIPInboundTrunkInfo.fromJson({ sip_trunk_id: id, numbers: ['1'] }),
    );
    expect(findConflicts({ trunks, rules: [] }).map(describeConflict)).toEqual([
      {
        ids: ['A', 'B'],
        field: 'numbers',
        sentence:
          'Trunks A and B both take calls to +1 from any caller and from the same addresses.',
      },
    ]);
  });

  it('names both rules and keeps their PIN out of it', () => {
    const rules = ['A', 'B'].map((id) =>
      SIPDispatchRuleInfo.fromJson({
        sip_dispatch_rule_id: id,
        trunk_ids: ['T'],
        rule: { dispatch_rule_direct: { pin: '4711' } },
      }),
    );
    expect(findConflicts({ trunks: [], rules }).map(describeConflict)).toEqual([
      {
        ids: ['A', 'B'],
        field: 'rule',
        sentence:
          'Dispatch rules A and B both take calls of trunk T to any number from any caller, with the same PIN.',
      },
    ]);
  });

  it('names a rule without a kind', () => {
    expect(describeConflict({ kind: 'rule-without-kind', ruleId: 'A' }).sentence).toContain('A');
  });
});
