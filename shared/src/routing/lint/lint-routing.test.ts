import { readFileSync } from 'node:fs';
import { SIPInboundTrunkInfo } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { routingSet } from '../arbitrary-routing.fake.ts';
import { findingCodes } from './finding.ts';
import { findingsPerCodeMax, lintRouting } from './lint-routing.ts';
import { lint, rule, summary, type Table, trunk } from './lint-table.fixture.ts';

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

  it('are as many of one code as somebody reads', () => {
    const trunks = Array.from({ length: findingsPerCodeMax + 1 }, (_, n) => ({
      sip_trunk_id: `T${n}`,
      numbers: [`${n}`],
    }));
    const result = lintRouting({
      trunks: trunks.map((json) => SIPInboundTrunkInfo.fromJson(json)),
      rules: [],
      allowTrunklessCalls: false,
    });
    const errors = result.findings.filter(({ code }) => code === 'trunk-without-rules');
    const warnings = result.findings.filter(({ code }) => code === 'trunk-open-to-everybody');
    expect([errors.length, warnings.length]).toEqual([findingsPerCodeMax, findingsPerCodeMax]);
    expect(result.isCut).toBe(true);
  });

  it.each(findingCodes)('of code %s stand in the documentation', (code) => {
    const page = readFileSync(new URL('../../../../docs/routing.md', import.meta.url), 'utf8');
    expect(page).toContain(`\`${code}\``);
  });
});
