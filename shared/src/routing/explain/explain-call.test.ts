import type { JsonValue } from '@bufbuild/protobuf';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { compileRouting } from '../compile.ts';
import type { PinAnswer } from '../compiled-rule.ts';
import { type CallExplanation, explainCall } from './explain-call.ts';
import { listedMax, traceEntriesMax } from './trace.ts';

const call = {
  callId: 'SCL_4xYpQ2mNkT7w',
  source: '203.0.113.7',
  fromUser: '+15550199',
  fromHost: 'sip.example.com',
  toUser: '15550100',
};

interface Question {
  readonly trunks?: JsonValue[];
  readonly rules?: JsonValue[];
  readonly pin?: PinAnswer;
  readonly trunkId?: string | null;
  readonly call?: Partial<typeof call>;
}

function explain(question: Question): CallExplanation {
  const routing = compileRouting({
    trunks: (question.trunks ?? []).map((json) => SIPInboundTrunkInfo.fromJson(json)),
    rules: (question.rules ?? []).map((json) => SIPDispatchRuleInfo.fromJson(json)),
    allowTrunklessCalls: false,
  });
  return explainCall({
    routing,
    call: { ...call, ...question.call },
    pin: question.pin ?? { kind: 'none-yet' },
    ...(question.trunkId === undefined ? {} : { trunkId: question.trunkId }),
  });
}

const trunkSentences = (trunks: JsonValue[], changes: Partial<typeof call> = {}) =>
  explain({ trunks, call: changes }).trace.trunks.map(({ sentence }) => sentence);

describe('a trunk that does not take the call', () => {
  it('says which numbers it lists, and to which one the call is', () => {
    const explained = explain({
      trunks: [{ sip_trunk_id: 'T', name: 'Main', numbers: ['1', '2'] }],
    });
    expect(explained.trace.trunks[0]).toEqual({
      id: 'T',
      name: 'Main',
      matched: false,
      chosen: false,
      failed: { field: 'numbers', configured: ['+1', '+2'], omitted: 0, call: '+15550100' },
      sentence: 'Trunk T (Main) lists +1 and +2; the call is to +15550100.',
    });
    expect(explained.explanation).toBe(
      'No trunk takes the call to +15550100 from 203.0.113.7. Trunk T (Main) lists +1 and +2; the call is to +15550100.',
    );
  });

  it('points at a number that is the same but for its prefix', () => {
    const [sentence] = trunkSentences([{ sip_trunk_id: 'T', numbers: ['0015550100'] }]);
    expect(sentence).toContain('+0015550100 and +15550100 end alike');
  });

  it('points at a called number in the list of callers', () => {
    const [sentence] = trunkSentences([
      { sip_trunk_id: 'T', numbers: ['2'], allowed_numbers: ['+15550100'] },
    ]);
    expect(sentence).toContain('allowed_numbers, which is the list of callers');
  });

  it('says which addresses it lets in, as they are compared', () => {
    const [sentence] = trunkSentences([
      { sip_trunk_id: 'T', allowed_addresses: ['10.1.2.3/8', '2001:db8::/32', '::ffff:192.0.2.1'] },
    ]);
    expect(sentence).toBe(
      'Trunk T does not let 203.0.113.7 in; its allowed_addresses are 10.0.0.0/8, 2001:db8::/32 and 192.0.2.1.',
    );
  });

  it('says that a list without a valid address lets nobody in', () => {
    const [sentence] = trunkSentences([
      { sip_trunk_id: 'T', allowed_addresses: ['sip.example.com'] },
    ]);
    expect(sentence).toContain('lets nobody in');
  });

  it('says which callers it takes', () => {
    const trunks = [{ sip_trunk_id: 'T', allowed_numbers: ['1'] }];
    expect(trunkSentences(trunks)).toEqual([
      'Trunk T takes calls from +1; this one is from +15550199.',
    ]);
    expect(trunkSentences(trunks, { fromUser: '' })[0]).toContain('a caller without number');
  });
});

describe('trunks that take the call', () => {
  it.each<[string, JsonValue, JsonValue]>([
    ['it lists the called number', { numbers: ['+15550100'] }, {}],
    ['its allowed_addresses hold the source', { allowed_addresses: ['203.0.113.0/24'] }, {}],
    ['its allowed_numbers hold the caller', { allowed_numbers: ['15550199'] }, {}],
  ])('say why one goes first: %s', (why, first, other) => {
    const named = (id: string, json: JsonValue) => ({ ...(json as object), sip_trunk_id: id });
    const sentences = trunkSentences([named('A', other), named('B', first)]);
    expect(sentences).toContain(`Trunk A would take the call, but trunk B goes first: ${why}.`);
  });

  it('name the conflict when neither goes first', () => {
    const explained = explain({ trunks: [{ sip_trunk_id: 'A' }, { sip_trunk_id: 'B' }] });
    expect(explained).toMatchObject({ outcome: 'error', reason: 'routing-conflict' });
    expect(explained.explanation).toContain('Trunks A and B both take the call');
  });
});

describe('rules', () => {
  const direct = (id: string, more: object = {}, pin = '') => ({
    sip_dispatch_rule_id: id,
    rule: { dispatch_rule_direct: { room_name: id, pin } },
    ...more,
  });
  const sentencesOf = (question: Question) =>
    explain({ trunkId: 'T', ...question }).trace.rules.map(({ sentence }) => sentence);

  it.each<[string, object, string]>([
    ['another trunk', { trunk_ids: ['U'] }, 'Rule R is for trunk U; trunk T took the call.'],
    ['another number', { numbers: ['2'] }, 'Rule R is for calls to +2; this one is to +15550100.'],
    [
      'another caller',
      { inbound_numbers: ['2'] },
      'Rule R is for calls from +2; this one is from +15550199.',
    ],
  ])('say that they are for %s', (_, more, sentence) => {
    expect(sentencesOf({ rules: [direct('R', more)] })).toEqual([sentence]);
  });

  it('say that no trunk took the call when they are for one', () => {
    expect(sentencesOf({ rules: [direct('R', { trunk_ids: ['U'] })], trunkId: null })).toEqual([
      'Rule R is for trunk U; no trunk took the call.',
    ]);
  });

  it('point at a called number in the list of callers', () => {
    const [sentence] = sentencesOf({ rules: [direct('R', { inbound_numbers: ['15550100'] })] });
    expect(sentence).toContain('inbound_numbers, which is the list of callers');
  });

  it.each<[string, PinAnswer, string, string]>([
    ['has another PIN', { kind: 'pin', digits: '9999' }, '4711', 'has another PIN.'],
    ['is open after a PIN was sent', { kind: 'pin', digits: '9999' }, '', 'is open;'],
    ['wants a PIN that the caller has not', { kind: 'no-pin' }, '4711', 'wants a PIN'],
    ['asks for its PIN', { kind: 'none-yet' }, '4711', 'takes the call and asks for a PIN.'],
    ['has this PIN', { kind: 'pin', digits: '4711' }, '4711', 'the PIN is right'],
  ])('say that the rule %s', (_, pin, rulePin, text) => {
    expect(sentencesOf({ rules: [direct('R', {}, rulePin)], pin })[0]).toContain(text);
  });

  it('never show a PIN, the one sent or another', () => {
    const explained = explain({
      trunkId: 'T',
      rules: [direct('R', {}, '4711'), direct('S', {}, '4712')],
      pin: { kind: 'pin', digits: '99887766' },
    });
    expect(JSON.stringify([explained.explanation, explained.trace])).not.toMatch(
      /4711|4712|99887766/,
    );
    expect(explained).toMatchObject({ outcome: 'refuse', reason: 'wrong-pin' });
  });

  it.each<[string, object, object]>([
    [
      'it names the trunk',
      direct('A', { trunk_ids: ['T'] }),
      direct('B', { numbers: ['15550100'] }),
    ],
    [
      'it names more of called number and caller',
      direct('A', { numbers: ['15550100'] }),
      direct('B'),
    ],
    ['it has a PIN, and a PIN is asked for first', direct('A', {}, '1'), direct('B')],
    [
      'its room name or prefix comes first in the alphabet',
      direct('A', { numbers: ['15550100'] }),
      direct('B', { inbound_numbers: ['15550199'] }),
    ],
  ])('say why one goes first: %s', (why, first, other) => {
    const rules = [other, first] as JsonValue[];
    expect(sentencesOf({ rules })).toContain(
      `Rule B would take the call, but rule A goes first: ${why}.`,
    );
  });

  it('are named when they have no kind and are skipped', () => {
    const explained = explain({ trunkId: 'T', rules: [{ sip_dispatch_rule_id: 'R', rule: {} }] });
    expect(explained.trace.rules[0]).toMatchObject({ id: 'R', failed: { field: 'rule' } });
    expect(explained.explanation).toContain('Rule R is skipped');
  });

  it('are missing altogether', () => {
    expect(explain({ trunkId: 'T' }).explanation).toBe(
      'No dispatch rule takes this call of trunk T. There are no rules.',
    );
  });
});

describe('a trace', () => {
  it('stays as long as a person can read, and shows what comes closest', () => {
    const trunks = Array.from({ length: 200 }, (_, n) => ({
      sip_trunk_id: `T${n}`,
      numbers: n === 199 ? ['0015550100'] : [`77${n}`],
    }));
    const { trace, explanation } = explain({ trunks });
    expect(trace.trunks).toHaveLength(traceEntriesMax);
    expect(trace.isCut).toBe(true);
    expect(explanation).toContain('T199');
  });

  it('cuts long lists and says how many entries are missing', () => {
    const numbers = Array.from({ length: 40 }, (_, n) => `77${n}`);
    const { trace } = explain({ trunks: [{ sip_trunk_id: 'T', numbers }] });
    expect(trace.trunks[0]?.failed).toMatchObject({ omitted: 40 - listedMax });
    expect(trace.trunks[0]?.sentence).toContain('and 30 more');
  });
});
