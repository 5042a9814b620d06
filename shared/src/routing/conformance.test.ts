/**
 * Every case of the conformance vectors about numbers, addresses, trunks, rules, evaluation and media. The
 * cases of the API stand in livekit-api/conformance.test.ts.
 */
import { readFileSync } from 'node:fs';
import type { JsonValue } from '@bufbuild/protobuf';
import {
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
  SIPMediaConfig,
  SIPTrunkInfo,
} from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { inboundFromLegacy } from '../livekit-api/legacy-trunk.ts';
import { holdsAddress, parseAddressList } from './address-list.ts';
import { candidateRules, candidateTrunks } from './candidates.ts';
import { compileRouting } from './compile.ts';
import { compileRule, type PinAnswer } from './compiled-rule.ts';
import { findConflicts } from './conflicts.ts';
import { digestRealm } from './digest-realm.ts';
import { evaluateRule } from './evaluate-rule.ts';
import { evaluationToJson } from './evaluation-json.ts';
import { findRule } from './find-rule.ts';
import { findTrunk } from './find-trunk.ts';
import { parseIpAddress } from './ip-address.ts';
import { mergeMedia } from './merge-media.ts';
import { normalizeNumber } from './normalize-number.ts';
import type { RoutedCall } from './routed-call.ts';

interface Case<Input, Expect> {
  readonly id: string;
  readonly about: string;
  readonly input: Input;
  readonly expect: Expect;
}

interface CallInput {
  readonly call_id?: string;
  readonly source?: string;
  readonly from_user?: string;
  readonly from_host?: string;
  readonly to_user?: string;
}

interface TrunksInput {
  readonly op: 'match' | 'validate' | 'select';
  readonly trunks: JsonValue[];
  readonly legacy_trunks?: JsonValue[];
  readonly call: CallInput;
  readonly called: string;
  readonly allow_trunkless_calls?: boolean;
}

interface RulesInput {
  readonly op: 'match' | 'validate' | 'select';
  readonly rules: JsonValue[];
  readonly trunk_id: string | null;
  readonly call: CallInput;
  readonly pin?: string;
  readonly no_pin?: boolean;
}

interface EvaluateInput {
  readonly op: 'evaluate' | 'digest';
  readonly trunk: JsonValue;
  readonly rule: JsonValue;
  readonly call: CallInput;
  readonly extra_attributes?: Record<string, string>;
  readonly pin?: string;
}

function cases<Input, Expect>(name: string): (readonly [string, Case<Input, Expect>])[] {
  const url = new URL(`../../testdata/conformance/${name}.json`, import.meta.url);
  const file: { cases: Case<Input, Expect>[] } = JSON.parse(readFileSync(url, 'utf8'));
  return file.cases.map((one) => [`${one.id}: ${one.about}`, one] as const);
}

function routedCall(call: CallInput): RoutedCall {
  return {
    callId: call.call_id ?? '',
    source: call.source ?? '',
    fromUser: call.from_user ?? '',
    fromHost: call.from_host ?? '',
    toUser: call.to_user ?? '',
  };
}

const trunkOf = (json: JsonValue) => SIPInboundTrunkInfo.fromJson(json);
const ruleOf = (json: JsonValue) => SIPDispatchRuleInfo.fromJson(json);
const idsOf = (items: readonly { readonly id: string }[]) => items.map((item) => item.id);

function pinOf(input: { readonly pin?: string; readonly no_pin?: boolean }): PinAnswer {
  if (input.no_pin === true) return { kind: 'no-pin' };
  return input.pin === undefined ? { kind: 'none-yet' } : { kind: 'pin', digits: input.pin };
}

describe('numbers.json', () => {
  it.each(cases<{ number: string }, { normalized: string }>('numbers'))('%s', (_, one) => {
    expect(normalizeNumber(one.input.number)).toBe(one.expect.normalized);
  });
});

describe('addresses.json', () => {
  interface Input {
    readonly op: 'match' | 'save';
    readonly source: string;
    readonly allowed_addresses: string[];
  }
  it.each(cases<Input, { allow?: boolean; valid?: boolean }>('addresses'))('%s', (_, one) => {
    const list = parseAddressList(one.input.allowed_addresses);
    if (one.input.op === 'save') {
      expect(list.invalid.length === 0).toBe(one.expect.valid);
    } else {
      expect(holdsAddress(list, parseIpAddress(one.input.source))).toBe(one.expect.allow);
    }
  });
});

describe('trunks.json', () => {
  interface Expect {
    readonly set_valid: boolean;
    readonly candidates?: string[];
    readonly outcome?: string;
    readonly trunk?: string | null;
    readonly match_type?: string;
    readonly reason?: string;
  }
  const outcomes = { trunk: 'accept', trunkless: 'continue', none: 'refuse', ambiguous: 'error' };

  it.each(cases<TrunksInput, Expect>('trunks'))('%s', (_, { input, expect: expected }) => {
    const trunks = [
      ...input.trunks.map(trunkOf),
      ...(input.legacy_trunks ?? []).map((json) => inboundFromLegacy(SIPTrunkInfo.fromJson(json))),
    ];
    const allowTrunklessCalls = input.allow_trunkless_calls === true;
    const routing = compileRouting({ trunks, rules: [], allowTrunklessCalls });
    if (input.op === 'select') {
      expect(idsOf([...candidateTrunks(routing, input.called)]).toSorted()).toEqual(
        expected.candidates?.toSorted(),
      );
      return;
    }
    expect(findConflicts({ trunks, rules: [] }).length === 0).toBe(expected.set_valid);
    if (input.op === 'validate') return;
    const verdict = findTrunk(routing, routedCall(input.call));
    expect(outcomes[verdict.kind]).toBe(expected.outcome);
    expect(verdict.kind === 'trunk' ? verdict.trunk.id : null).toBe(expected.trunk);
    if (verdict.kind === 'trunk') expect(verdict.matchType).toBe(expected.match_type);
    if (verdict.kind === 'none') expect(expected.reason).toBe('no-trunk');
  });
});

describe('rules.json', () => {
  interface Expect {
    readonly set_valid: boolean;
    readonly candidates?: string[];
    readonly outcome?: string;
    readonly rule?: string | null;
    readonly reason?: string;
    readonly skipped?: string[];
  }
  const outcomes = { none: 'refuse', ambiguous: 'error' };

  it.each(cases<RulesInput, Expect>('rules'))('%s', (_, { input, expect: expected }) => {
    const set = { trunks: [], rules: input.rules.map(ruleOf) };
    const routing = compileRouting({ ...set, allowTrunklessCalls: true });
    if (input.op === 'select') {
      const selected = idsOf([...candidateRules(routing, input.trunk_id)]).toSorted();
      expect(selected).toEqual(expected.candidates?.toSorted());
      return;
    }
    expect(findConflicts(set).length === 0).toBe(expected.set_valid);
    expect(routing.skippedRuleIds).toEqual(expected.skipped ?? routing.skippedRuleIds);
    if (input.op === 'validate') return;
    const verdict = findRule(routing, input.trunk_id, routedCall(input.call), pinOf(input));
    if (verdict.kind === 'rule') {
      expect(verdict.needsPin ? 'request-pin' : 'accept').toBe(expected.outcome);
      expect(verdict.rule.id).toBe(expected.rule);
    } else {
      expect(outcomes[verdict.kind]).toBe(expected.outcome);
      expect(expected.rule).toBeNull();
    }
  });
});

describe('evaluate.json', () => {
  const suffix = 'Ab3dEf6hJk9m';
  const isEmpty = (value: unknown) =>
    value === null ||
    value === '' ||
    JSON.stringify(value) === '{}' ||
    JSON.stringify(value) === '[]';

  it.each(cases<EvaluateInput, Record<string, JsonValue>>('evaluate'))('%s', (_, one) => {
    const { input, expect: expected } = one;
    const trunk = input.trunk === null ? null : trunkOf(input.trunk);
    if (input.op === 'digest') {
      const realm = digestRealm(trunk ?? new SIPInboundTrunkInfo());
      expect(realm !== null).toBe(expected['challenge']);
      if (realm !== null) expect(realm).toBe(expected['realm']);
      return;
    }
    const rule = compileRule(ruleOf(input.rule));
    if (rule === null) throw new Error('the rule of the case has no kind');
    const answer = evaluationToJson(
      evaluateRule({
        trunk,
        rule,
        call: routedCall(input.call),
        pin: pinOf(input),
        extraAttributes: new Map(Object.entries(input.extra_attributes ?? {})),
        roomSuffix: suffix,
      }),
    );
    for (const [field, value] of Object.entries(expected)) {
      const pattern = value !== null && typeof value === 'object' && 'match' in value;
      if (pattern) expect(answer[field], field).toMatch(new RegExp(String(value['match'])));
      else if (isEmpty(value)) expect(isEmpty(answer[field]), field).toBe(true);
      else expect(answer[field], field).toEqual(value);
    }
  });
});

describe('media.json', () => {
  interface Expect {
    readonly media: JsonValue;
    readonly media_encryption: string;
  }
  it.each(cases<EvaluateInput, Expect>('media'))('%s', (_, { input, expect: expected }) => {
    const trunk = input.trunk === null ? null : trunkOf(input.trunk);
    const media = mergeMedia(trunk, ruleOf(input.rule));
    expect(media.equals(SIPMediaConfig.fromJson(expected.media))).toBe(true);
    const json = media.toJson({ useProtoFieldName: true, emitDefaultValues: true });
    const encryption = json !== null && typeof json === 'object' && 'encryption' in json;
    expect(encryption ? json['encryption'] : 'SIP_MEDIA_ENCRYPT_DISABLE').toBe(
      expected.media_encryption,
    );
  });
});
