import { Duration } from '@bufbuild/protobuf';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { compileRule, type PinAnswer } from './compiled-rule.ts';
import { type AcceptCall, type Evaluation, evaluateRule } from './evaluate-rule.ts';

const call = {
  callId: 'SCL_4xYpQ2mNkT7w',
  source: '192.0.2.1',
  fromUser: '+15550199',
  fromHost: 'sip.example.com',
  toUser: '+15550100',
};

function evaluate(
  rule: Parameters<typeof SIPDispatchRuleInfo.fromJson>[0],
  options: { fromUser?: string; pin?: PinAnswer; trunk?: SIPInboundTrunkInfo } = {},
): Evaluation {
  const compiled = compileRule(SIPDispatchRuleInfo.fromJson(rule));
  if (compiled === null) throw new Error('the rule has no kind');
  return evaluateRule({
    trunk: options.trunk ?? null,
    rule: compiled,
    call: { ...call, fromUser: options.fromUser ?? call.fromUser },
    pin: options.pin ?? { kind: 'none-yet' },
    extraAttributes: new Map(),
    roomSuffix: 'Ab3dEf6hJk9m',
  });
}

function accepted(evaluation: Evaluation): AcceptCall {
  if (evaluation.kind !== 'accept') throw new Error('the call is not accepted');
  return evaluation;
}

describe('a rule with a PIN', () => {
  const rule = { rule: { dispatch_rule_direct: { room_name: 'r', pin: '4711' } } };

  it.each<[string, PinAnswer]>([
    ['nothing was keyed in yet', { kind: 'none-yet' }],
    ['the caller has no PIN', { kind: 'no-pin' }],
    ['the PIN is another one', { kind: 'pin', digits: '4712' }],
    ['the PIN is only begun', { kind: 'pin', digits: '471' }],
    ['the PIN is empty', { kind: 'pin', digits: '' }],
  ])('never lets a call join when %s', (_, pin) => {
    expect(evaluate(rule, { pin }).kind).toBe('request-pin');
  });

  it('lets a call join with this very PIN', () => {
    const evaluation = evaluate(rule, { pin: { kind: 'pin', digits: '4711' } });
    expect(accepted(evaluation).roomName).toBe('r');
  });
});

describe('a hidden number', () => {
  const rule = {
    rule: { dispatch_rule_individual: { no_randomness: true } },
    hide_phone_number: true,
  };

  it('shows its end and nothing else of the call', () => {
    const answer = accepted(evaluate(rule));
    expect([...answer.participantAttributes.keys()]).toEqual([
      'sip.callID',
      'sip.trunkID',
      'sip.ruleID',
    ]);
    expect(
      JSON.stringify([...Object.values(answer)], (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      ),
    ).not.toContain('15550199');
    expect(answer.roomName).toBe('0199');
  });

  it.each([
    ['12345', '2345'],
    ['1234', '4'],
    ['', ''],
    // 5 bytes in UTF-8: the first of the last four is the second half of a character.
    ['éabc', 'abc'],
  ])('of %j shows %j', (fromUser, visible) => {
    expect(accepted(evaluate(rule, { fromUser })).participantName).toBe(`Phone ${visible}`);
  });
});

describe('durations', () => {
  it('are in ms, and null when the trunk leaves them open', () => {
    const trunk = new SIPInboundTrunkInfo({
      sipTrunkId: 'ST_1',
      ringingTimeout: new Duration({ seconds: 1n, nanos: 500_000_000 }),
    });
    const answer = accepted(evaluate({ rule: { dispatch_rule_direct: {} } }, { trunk }));
    expect(answer.ringingTimeoutMs).toBe(1_500);
    expect(answer.maxCallDurationMs).toBeNull();
  });
});
