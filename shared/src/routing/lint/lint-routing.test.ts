import { readFileSync } from 'node:fs';
import type { JsonValue } from '@bufbuild/protobuf';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pinAnswer, routedCall, routingSet } from '../arbitrary-routing.ts';
import { compileRouting } from '../compile.ts';
import { findRule } from '../find-rule.ts';
import { findTrunk } from '../find-trunk.ts';
import { type Finding, findingCodes } from './finding.ts';
import { findingsMax, lintRouting } from './lint-routing.ts';

interface Table {
  readonly trunks?: JsonValue[];
  readonly rules?: JsonValue[];
  readonly allowTrunklessCalls?: boolean;
}

function lint(table: Table): readonly Finding[] {
  return lintRouting({
    trunks: (table.trunks ?? []).map((json) => SIPInboundTrunkInfo.fromJson(json)),
    rules: (table.rules ?? []).map((json) => SIPDispatchRuleInfo.fromJson(json)),
    allowTrunklessCalls: table.allowTrunklessCalls ?? false,
  }).findings;
}

/** `code id field severity` of findings, without those about rules for every trunk. */
function summary(table: Table): string[] {
  return lint(table)
    .filter(({ code }) => code !== 'rule-for-every-trunk')
    .map(({ code, id, field, severity }) => `${code} ${id} ${field} ${severity}`);
}

const safe = { auth_username: 'user', auth_password: 'a long enough secret' };
const trunk = (id: string, more: object = {}) => ({ sip_trunk_id: id, ...safe, ...more });
const rule = (id: string, more: object = {}, pin = '') => ({
  sip_dispatch_rule_id: id,
  rule: { dispatch_rule_direct: { room_name: 'r', pin } },
  ...more,
});

describe('a sound table', () => {
  it('has nothing to be found', () => {
    const table = {
      trunks: [trunk('T', { numbers: ['+1', '+2'] })],
      rules: [
        rule('A', { trunk_ids: ['T'], numbers: ['+1'] }),
        rule('B', { trunk_ids: ['T'] }),
        rule('C', { trunk_ids: ['T'] }, '471112'),
      ],
    };
    expect(lint(table)).toEqual([]);
  });
});

describe('what can never match', () => {
  it.each<[string, Table]>([
    [
      'called-number-as-caller T allowed_numbers error',
      {
        trunks: [trunk('T', { numbers: ['+1'], allowed_numbers: ['1'] })],
        rules: [rule('A', { trunk_ids: ['T'] })],
      },
    ],
    [
      'called-number-as-caller A inbound_numbers error',
      {
        trunks: [trunk('T', { numbers: ['+1'] })],
        rules: [rule('A', { inbound_numbers: ['1'] })],
      },
    ],
    [
      'rule-for-no-trunk A trunk_ids error',
      {
        trunks: [trunk('T')],
        rules: [rule('A', { trunk_ids: ['gone'] }), rule('B')],
      },
    ],
    [
      'unknown-trunk A trunk_ids warning',
      {
        trunks: [trunk('T')],
        rules: [rule('A', { trunk_ids: ['gone', 'T'] })],
      },
    ],
    [
      'trunk-without-rules T sip_trunk_id error',
      {
        trunks: [trunk('T'), trunk('U', { numbers: ['1'] })],
        rules: [rule('A', { trunk_ids: ['U'] })],
      },
    ],
    [
      'number-without-rule T numbers warning',
      {
        trunks: [trunk('T', { numbers: ['+1', '+2'] })],
        rules: [rule('A', { trunk_ids: ['T'], numbers: ['+1'] })],
      },
    ],
    [
      'number-not-served A numbers error',
      {
        trunks: [trunk('T', { numbers: ['+1'] })],
        rules: [rule('A', { trunk_ids: ['T'], numbers: ['+2'] }), rule('B', { trunk_ids: ['T'] })],
      },
    ],
    [
      'number-not-served A numbers warning',
      {
        trunks: [trunk('T', { numbers: ['+1'] })],
        rules: [rule('A', { trunk_ids: ['T'], numbers: ['+1', '+2'] })],
      },
    ],
    [
      'caller-not-allowed A inbound_numbers error',
      {
        trunks: [trunk('T', { allowed_numbers: ['+1'] })],
        rules: [
          rule('A', { trunk_ids: ['T'], inbound_numbers: ['+2'] }),
          rule('B', { trunk_ids: ['T'] }),
        ],
      },
    ],
    [
      'pin-cannot-be-keyed A rule.pin error',
      {
        trunks: [trunk('T')],
        rules: [rule('A', { trunk_ids: ['T'] }, 'secret')],
      },
    ],
    [
      'invalid-address T allowed_addresses error',
      {
        trunks: [trunk('T', { allowed_addresses: ['sip.example.com'] })],
        rules: [rule('A', { trunk_ids: ['T'] })],
      },
    ],
    [
      'rule-without-kind A rule error',
      {
        trunks: [trunk('T')],
        rules: [{ sip_dispatch_rule_id: 'A', rule: {} }, rule('B', { trunk_ids: ['T'] })],
      },
    ],
    [
      'conflict U numbers error',
      {
        trunks: [
          trunk('T', { numbers: ['1'] }),
          trunk('U', { numbers: ['+1'], auth_password: 'another long secret' }),
        ],
        rules: [rule('A', { trunk_ids: ['T', 'U'] })],
      },
    ],
  ])('%s', (expected, table) => {
    expect(summary(table)).toContain(expected);
  });
});

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
});

describe('what is risky', () => {
  it.each<[string, Table]>([
    [
      'trunk-open-to-everybody T allowed_addresses warning',
      {
        trunks: [{ sip_trunk_id: 'T', numbers: ['1'] }],
      },
    ],
    [
      'half-credentials T auth_password error',
      {
        trunks: [{ sip_trunk_id: 'T', numbers: ['1'], auth_username: 'u' }],
      },
    ],
    ['weak-password T auth_password warning', { trunks: [trunk('T', { auth_password: '1234' })] }],
    [
      'weak-password T auth_password warning',
      {
        trunks: [trunk('T', { auth_username: 'the same text', auth_password: 'the same text' })],
      },
    ],
    [
      'password-reused U auth_password warning',
      {
        trunks: [trunk('T', { numbers: ['1'] }), trunk('U', { numbers: ['2'] })],
      },
    ],
    ['short-pin A rule.pin warning', { trunks: [trunk('T')], rules: [rule('A', {}, '123')] }],
    [
      'hidden-number-in-headers A hide_phone_number warning',
      {
        trunks: [trunk('T', { include_headers: 'SIP_ALL_HEADERS' })],
        rules: [rule('A', { trunk_ids: ['T'], hide_phone_number: true })],
      },
    ],
    [
      'hidden-number-in-headers A hide_phone_number warning',
      {
        trunks: [trunk('T', { headers_to_attributes: { 'P-Asserted-Identity': 'pai' } })],
        rules: [rule('A', { trunk_ids: ['T'], hide_phone_number: true })],
      },
    ],
  ])('%s', (expected, table) => {
    expect(summary(table)).toContain(expected);
  });

  it('is a room that callers with the same last digits share', () => {
    const individual = { dispatch_rule_individual: { no_randomness: true } };
    const rules = [rule('A', { hide_phone_number: true, rule: individual })];
    expect(summary({ trunks: [trunk('T')], rules })[0]).toMatch(
      /^masked-rooms-shared A .* warning$/,
    );
  });

  it('is said without showing PINs and passwords', () => {
    const table = {
      trunks: [
        trunk('T', { auth_password: 'hunter2' }),
        trunk('U', { numbers: ['1'], auth_password: 'hunter2' }),
      ],
      rules: [rule('A', {}, '123'), rule('B', {}, 'top secret'), rule('C', {}, '123')],
    };
    expect(JSON.stringify(lint(table))).not.toMatch(/hunter2|123|top secret/);
  });
});

describe('what surprises', () => {
  it('is a number in two spellings', () => {
    const table = {
      trunks: [trunk('T', { numbers: ['+15550100'] })],
      rules: [rule('A', { trunk_ids: ['T'], numbers: ['15550100'] })],
    };
    expect(summary(table)).toEqual(['number-spelling A numbers info']);
  });

  it('is a number with its international dialling prefix', () => {
    const table = {
      trunks: [trunk('T', { numbers: ['0044 20 7946 0000'] })],
      rules: [rule('A', { trunk_ids: ['T'] })],
    };
    expect(summary(table)).toEqual(['international-prefix T numbers warning']);
    expect(lint(table)[0]?.advice).toContain('+442079460000');
  });

  it('is a rule for every trunk', () => {
    const codes = lint({ trunks: [trunk('T')], rules: [rule('A')] }).map(({ code }) => code);
    expect(codes).toEqual(['rule-for-every-trunk']);
  });
});

describe('findings', () => {
  it('come with the errors first, each with a sentence and an advice', () => {
    fc.assert(
      fc.property(routingSet, fc.boolean(), (set, allowTrunklessCalls) => {
        const { findings } = lintRouting({ ...set, allowTrunklessCalls });
        const order = findings.map(({ severity }) =>
          ['error', 'warning', 'info'].indexOf(severity),
        );
        expect(order).toEqual(order.toSorted((a, b) => a - b));
        for (const finding of findings) {
          expect(finding.sentence).toMatch(/\.$/);
          expect(finding.advice).toMatch(/^[A-Za-z].*[.]$/);
          expect(finding.id).not.toBe('');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never call a rule shadowed that a call reaches', () => {
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

  it('are as many as somebody reads, errors before all', () => {
    const trunks = Array.from({ length: findingsMax }, (_, n) => ({
      sip_trunk_id: `T${n}`,
      numbers: [`${n}`],
    }));
    const set = {
      trunks: trunks.map((json) => SIPInboundTrunkInfo.fromJson(json)),
      rules: [],
      allowTrunklessCalls: false,
    };
    const result = lintRouting(set);
    expect(result.findings).toHaveLength(findingsMax);
    expect(result.findings.every(({ code }) => code === 'trunk-without-rules')).toBe(true);
    expect(result.isCut).toBe(true);
  });

  it.each(findingCodes)('of code %s stand in the documentation', (code) => {
    const page = readFileSync(new URL('../../../../docs/routing.md', import.meta.url), 'utf8');
    expect(page).toContain(`\`${code}\``);
  });
});
