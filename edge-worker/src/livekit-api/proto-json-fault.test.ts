import type { JsonValue } from '@bufbuild/protobuf';
import {
  CreateSIPDispatchRuleRequest,
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
} from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { protoJsonFault } from './proto-json-fault.ts';

describe('what does not fit a trunk', () => {
  it.each<[JsonValue, string, string]>([
    [5, '', 'expected an object (SIPInboundTrunkInfo)'],
    [[], '', 'expected an object (SIPInboundTrunkInfo)'],
    [{ name: 'x', colour: 1 }, 'colour', 'there is no such field'],
    [{ name: 5 }, 'name', 'expected a text'],
    [{ authUsername: {} }, 'authUsername', 'expected a text'],
    [{ numbers: '+1' }, 'numbers', 'expected an array of a text'],
    [{ numbers: ['+1', 2] }, 'numbers.1', 'expected a text'],
    [{ numbers: [null] }, 'numbers.0', 'expected a text'],
    [{ numbers: ['\ud800'] }, 'numbers.0', 'expected a text'],
    [{ krisp_enabled: 'yes' }, 'krisp_enabled', 'expected true or false'],
    [
      { include_headers: 'NOPE' },
      'include_headers',
      'expected one of SIP_NO_HEADERS, SIP_X_HEADERS, SIP_ALL_HEADERS',
    ],
    [{ ringing_timeout: 30 }, 'ringing_timeout', 'expected a duration such as "30s"'],
    [{ headers: { a: 1 } }, 'headers', 'expected an object of texts'],
    [{ media: [] }, 'media', 'expected an object (SIPMediaConfig)'],
    [
      { media: { codecs: [{ name: 'PCMU' }, { rate: 'fast' }] } },
      'media.codecs.1.rate',
      'expected a whole number',
    ],
    [{ media: { codecs: [{ speed: 1 }] } }, 'media.codecs.0.speed', 'there is no such field'],
  ])('%j: named by its path', (json, path, detail) => {
    expect(() => SIPInboundTrunkInfo.fromJson(json)).toThrow();
    expect(protoJsonFault(SIPInboundTrunkInfo, json)).toEqual({ path, detail });
  });
});

describe('what does not fit a rule', () => {
  it('is found in a member of a oneof', () => {
    const json = { rule: { dispatch_rule_direct: { room_name: 1 } } };
    expect(protoJsonFault(SIPDispatchRuleInfo, json)).toEqual({
      path: 'rule.dispatch_rule_direct.room_name',
      detail: 'expected a text',
    });
  });

  it('is not a field that nobody knows, where those are let through', () => {
    const json = { colour: 1, dispatch_rule: { colour: 1, name: [] } };
    expect(
      protoJsonFault(CreateSIPDispatchRuleRequest, json, { ignoreUnknownFields: true }),
    ).toEqual({ path: 'dispatch_rule.name', detail: 'expected a text' });
  });

  it('says that two kinds are one too many', () => {
    const json = { rule: { dispatch_rule_direct: {}, dispatch_rule_callee: {} } };
    expect(protoJsonFault(SIPDispatchRuleInfo, json)).toEqual({
      path: 'rule',
      detail: 'expected a SIPDispatchRule',
    });
  });
});
