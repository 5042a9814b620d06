import type { AnyMessage, JsonValue } from '@bufbuild/protobuf';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import type { ApiAnswer } from './api-answer.ts';
import { sipRpcs } from './handle-sip-request.ts';
import { storedRouting } from './stored-routing.ts';

const trunks = [
  { sip_trunk_id: 'ST_b', numbers: ['+2', '+3'], auth_username: 'u', auth_password: 'p' },
  { sip_trunk_id: 'ST_a', numbers: ['+1'] },
  { sip_trunk_id: 'ST_any', allowed_addresses: ['192.0.2.1'] },
].map((json) => SIPInboundTrunkInfo.fromJson(json));
const rules = [
  { sip_dispatch_rule_id: 'SDR_b', trunk_ids: ['ST_b'], rule: { dispatch_rule_direct: {} } },
  { sip_dispatch_rule_id: 'SDR_any', rule: { dispatch_rule_callee: {} } },
].map((json) => SIPDispatchRuleInfo.fromJson(json));
const stored = storedRouting({ trunks, rules });

function call(name: string, request: JsonValue): ApiAnswer<AnyMessage> {
  const rpc = sipRpcs.get(name);
  if (rpc === undefined) throw new Error(`there is no ${name}`);
  return rpc.handle(stored, rpc.request.fromJson(request), (prefix) => `${prefix}new`);
}

function listed(name: string, request: JsonValue): string[] {
  const answer = call(name, request);
  if (answer.kind === 'error') throw new Error(answer.msg);
  const json = JSON.parse(answer.response.toJsonString({ useProtoFieldName: true }));
  const items: { sip_trunk_id?: string; sip_dispatch_rule_id?: string }[] = json.items ?? [];
  return items.map((item) => item.sip_trunk_id ?? item.sip_dispatch_rule_id ?? '');
}

describe('lists', () => {
  it.each<[string, JsonValue, string[]]>([
    ['ListSIPInboundTrunk', {}, ['ST_a', 'ST_any', 'ST_b']],
    ['ListSIPInboundTrunk', { numbers: ['1'] }, ['ST_a', 'ST_any']],
    ['ListSIPInboundTrunk', { numbers: ['+9'] }, ['ST_any']],
    ['ListSIPInboundTrunk', { trunk_ids: ['ST_b', 'ST_none', 'ST_a'] }, ['ST_a', 'ST_b']],
    ['ListSIPInboundTrunk', { page: { after_id: 'ST_a' } }, ['ST_any', 'ST_b']],
    ['ListSIPInboundTrunk', { page: { after_id: 'ST_aa', limit: 1 } }, ['ST_any', 'ST_b']],
    ['ListSIPInboundTrunk', { page: { limit: 1 }, numbers: ['+3'] }, ['ST_any', 'ST_b']],
    ['ListSIPTrunk', {}, ['ST_a', 'ST_any', 'ST_b']],
    ['ListSIPDispatchRule', {}, ['SDR_any', 'SDR_b']],
    ['ListSIPDispatchRule', { trunk_ids: ['ST_a'] }, ['SDR_any']],
    ['ListSIPDispatchRule', { dispatch_rule_ids: ['SDR_b'] }, ['SDR_b']],
    ['ListSIPDispatchRule', { page: { after_id: 'SDR_any' } }, ['SDR_b']],
  ])('%s %j answers %j', (name, request, expected) => {
    expect(listed(name, request)).toEqual(expected);
  });

  it('show the old form of a trunk with its first number only', () => {
    const answer = call('ListSIPTrunk', { page: { after_id: 'ST_any' } });
    expect(answer).toMatchObject({
      kind: 'ok',
      response: {
        items: [
          {
            sipTrunkId: 'ST_b',
            kind: 1,
            outboundNumber: '+2',
            inboundUsername: 'u',
            inboundPassword: 'p',
          },
        ],
      },
    });
  });
});

describe('changes', () => {
  it('name the new trunk with its new id', () => {
    const answer = call('CreateSIPInboundTrunk', { trunk: { numbers: ['+9'] } });
    expect(answer).toMatchObject({
      response: { sipTrunkId: 'ST_new' },
      change: { kind: 'put-trunk', trunk: { sipTrunkId: 'ST_new', numbers: ['+9'] } },
    });
  });

  it('leave the stored trunk as it is when an update is refused', () => {
    const before = trunks[0]?.toJsonString();
    const answer = call('UpdateSIPInboundTrunk', {
      sip_trunk_id: 'ST_b',
      update: { numbers: { add: ['1'] } },
    });
    expect(answer.kind).toBe('error');
    expect(trunks[0]?.toJsonString()).toBe(before);
  });

  it('take a trunk away, and nothing for an unknown id', () => {
    expect(call('DeleteSIPTrunk', { sip_trunk_id: 'ST_b' })).toMatchObject({
      change: { kind: 'delete-trunk', id: 'ST_b' },
    });
    expect(call('DeleteSIPTrunk', { sip_trunk_id: 'ST_none' })).toMatchObject({ change: null });
  });

  it('upgrade the media of a rule in the new form, and not of one in the old form', () => {
    const rule = { dispatch_rule_direct: { room_name: 'r', pin: '4711' } };
    expect(call('CreateSIPDispatchRule', { dispatch_rule: { rule } })).toMatchObject({
      response: { sipDispatchRuleId: 'SDR_new', media: {} },
    });
    const old = call('CreateSIPDispatchRule', { rule });
    expect(old.kind === 'ok' && old.response).not.toHaveProperty('media');
  });

  it('merge attributes of a rule by key and drop empty ones', () => {
    const withAttributes = storedRouting({
      trunks: [],
      rules: [
        SIPDispatchRuleInfo.fromJson({
          sip_dispatch_rule_id: 'SDR_1',
          rule: { dispatch_rule_direct: {} },
          attributes: { keep: '1', change: '1', drop: '1', toString: '' },
        }),
      ],
    });
    const rpc = sipRpcs.get('UpdateSIPDispatchRule');
    const request = rpc?.request.fromJson({
      sip_dispatch_rule_id: 'SDR_1',
      update: { attributes: { change: '2', drop: '', add: '3' } },
    });
    const answer = request && rpc?.handle(withAttributes, request, () => '');
    expect(answer).toMatchObject({
      response: { attributes: { keep: '1', change: '2', add: '3', toString: '' } },
    });
    expect(answer?.kind === 'ok' && answer.response).not.toHaveProperty('attributes.drop');
  });
});

describe('an update of a rule that is not there', () => {
  it('says so even when the new rule has no kind', () => {
    const request = { sip_dispatch_rule_id: 'SDR_none', replace: { rule: {} } };
    expect(call('UpdateSIPDispatchRule', request)).toMatchObject({ code: 'not_found' });
  });

  it('is refused first for what is wrong with the request', () => {
    const request = { sip_dispatch_rule_id: 'SDR_none', replace: {} };
    expect(call('UpdateSIPDispatchRule', request)).toMatchObject({ msg: 'missing rule' });
  });
});

describe('a message of another type', () => {
  it('is refused before anything is done', () => {
    const create = sipRpcs.get('CreateSIPInboundTrunk');
    const other = sipRpcs.get('ListSIPTrunk')?.request.fromJson({});
    expect(() => other && create?.handle(stored, other, () => '')).toThrow(TypeError);
  });
});
