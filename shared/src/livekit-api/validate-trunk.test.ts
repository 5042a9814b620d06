import type { JsonValue } from '@bufbuild/protobuf';
import { SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { inboundTrunkFault } from './validate-trunk.ts';

const faultOf = (json: JsonValue) => inboundTrunkFault(SIPInboundTrunkInfo.fromJson(json));

describe('a trunk that may not be stored', () => {
  it.each<[string, JsonValue]>([
    ['numbers', {}],
    ['auth_password', { numbers: ['1'], auth_username: 'u' }],
    ['auth_username', { numbers: ['1'], auth_password: 'p' }],
    ['allowed_addresses[1]', { allowed_addresses: ['10.0.0.1', 'sip.example.com'] }],
    ['media.codecs[1].name', { numbers: ['1'], media: { codecs: [{ name: 'PCMU' }, {}] } }],
    ['media.media_timeout', { numbers: ['1'], media: { media_timeout: '600.000000001s' } }],
    ['headers', { numbers: ['1'], headers: { From: 'x' } }],
    ['attributes_to_headers', { numbers: ['1'], attributes_to_headers: { a: 'X Y' } }],
    ['headers_to_attributes', { numbers: ['1'], headers_to_attributes: { '': 'a' } }],
  ])('has its fault at %s', (field, json) => {
    expect(faultOf(json)?.field).toBe(field);
  });

  it('is described without what was sent as a secret or an address', () => {
    const json = {
      numbers: ['1'],
      auth_password: 'hunter2',
      allowed_addresses: ['sip.example.com'],
    };
    expect(JSON.stringify(faultOf(json))).not.toMatch(/hunter2|example/);
  });
});

describe('a trunk that may be stored', () => {
  it.each<[string, JsonValue]>([
    ['a number', { numbers: ['1'] }],
    ['an address', { allowed_addresses: ['2001:db8::/32'] }],
    ['user and password', { auth_username: 'u', auth_password: 'p' }],
    [
      'a header with a tab and letters beyond ASCII',
      { numbers: ['1'], headers: { 'X-A': 'é\tü' } },
    ],
    ['the longest media timeout', { numbers: ['1'], media: { media_timeout: '600s' } }],
  ])('has %s', (_, json) => {
    expect(faultOf(json)).toBeNull();
  });
});
