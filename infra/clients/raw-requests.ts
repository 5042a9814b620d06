/**
 * Requests of livekit.SIP as bytes on the wire, such as no SDK sends: each is put to livekit-server and to Callgate, and status, content type and body
 * are compared.
 */
import { CreateSIPInboundTrunkRequest } from '@livekit/protocol';

export interface RawRequest {
  readonly what: string;
  readonly method?: string;
  /** Behind `/twirp/livekit.SIP/`. */
  readonly rpc: string;
  readonly body?: unknown;
  /** null: leave the header out. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

const list = 'ListSIPInboundTrunk';
const create = 'CreateSIPInboundTrunk';
const createRule = 'CreateSIPDispatchRule';
const protobuf = { 'content-type': 'application/protobuf' };
const direct = { dispatch_rule_direct: { room_name: 'r' } };

/** In this order: later ones meet what earlier ones have stored. */
export const rawRequests: readonly RawRequest[] = [
  { what: 'another method', method: 'GET', rpc: list },
  { what: 'an unknown RPC', rpc: 'CreateSIPTrunk' },
  { what: 'another content type', rpc: list, headers: { 'content-type': 'text/plain' } },
  {
    what: 'a content type in capitals',
    rpc: list,
    headers: { 'content-type': 'Application/JSON; charset=x' },
  },
  { what: 'no token', rpc: list, headers: { authorization: null } },
  { what: 'another scheme', rpc: list, headers: { authorization: 'Basic eDp5' } },
  { what: 'a token that is none', rpc: list, headers: { authorization: 'Bearer abc' } },
  { what: 'unknown fields', rpc: list, body: { colour: { a: [1] } } },
  { what: 'null for lists and messages', rpc: list, body: { numbers: null, page: null } },
  { what: 'a whole number as text', rpc: list, body: { page: { limit: '5' } } },
  { what: 'a whole number as 1e1', rpc: list, body: '{"page":{"limit":1e1}}' },
  { what: 'no trunk', rpc: create, body: {} },
  { what: 'a trunk that is null', rpc: create, body: { trunk: null } },
  { what: 'an id', rpc: create, body: { trunk: { sip_trunk_id: 'ST_x', numbers: ['+1'] } } },
  { what: 'no protection', rpc: create, body: { trunk: {} } },
  {
    what: 'a codec with a blank',
    rpc: create,
    body: { trunk: { numbers: ['+1'], media: { codecs: [{ name: 'a b' }] } } },
  },
  {
    what: 'a codec with a slash',
    rpc: create,
    body: { trunk: { numbers: ['+1'], media: { codecs: [{ name: 'a/b' }] } } },
  },
  {
    what: 'a media timeout below 0',
    rpc: create,
    body: { trunk: { numbers: ['+1'], media: { media_timeout: '-0.5s' } } },
  },
  {
    what: 'a media timeout too long',
    rpc: create,
    body: { trunk: { numbers: ['+1'], media: { media_timeout: '600.000000001s' } } },
  },
  {
    what: 'a reserved header',
    rpc: create,
    body: { trunk: { numbers: ['+1'], headers: { to: 'x', 'Call-ID': 'x' } } },
  },
  {
    what: 'a header that is no token',
    rpc: create,
    body: { trunk: { numbers: ['+1'], headers: { 'X B': '1' } } },
  },
  {
    what: 'a header value with a line end',
    rpc: create,
    body: { trunk: { numbers: ['+1'], headers: { 'X-B': 'a\nb' } } },
  },
  {
    what: 'a header value too long',
    rpc: create,
    body: { trunk: { numbers: ['+1'], headers: { 'X-B': 'é'.repeat(513) } } },
  },
  {
    what: 'an attribute to no header',
    rpc: create,
    body: { trunk: { numbers: ['+1'], attributes_to_headers: { a: '' } } },
  },
  {
    what: 'everything in camelCase',
    rpc: create,
    body: {
      trunk: {
        numbers: ['+1'],
        allowedNumbers: ['2'],
        includeHeaders: 'SIP_ALL_HEADERS',
        mediaEncryption: 1,
        ringingTimeout: '1.5s',
        media: {},
      },
    },
  },
  {
    what: 'the same in protobuf',
    rpc: create,
    headers: protobuf,
    body: new CreateSIPInboundTrunkRequest({ trunk: { numbers: ['+2'], name: 'é' } }).toBinary(),
  },
  {
    what: 'a number that is taken',
    rpc: create,
    body: { trunk: { numbers: ['(1)'], allowed_numbers: ['+2'] } },
  },
  {
    what: 'an enum that nobody knows',
    rpc: create,
    body: { trunk: { numbers: ['+3'], include_headers: 'NOPE' } },
  },
  {
    what: 'an enum by a number that nobody knows',
    rpc: create,
    body: { trunk: { numbers: ['+4'], media_encryption: 7 } },
  },
  { what: 'all trunks', rpc: list, body: {} },
  { what: 'trunks by number', rpc: list, body: { numbers: ['1'] } },
  { what: 'the old list', rpc: 'ListSIPTrunk', body: {} },
  { what: 'a trunk without an id', rpc: 'GetSIPInboundTrunk', body: {} },
  { what: 'a trunk that is not there', rpc: 'GetSIPInboundTrunk', body: { sip_trunk_id: 'ST_x' } },
  { what: 'an update of nothing', rpc: 'UpdateSIPInboundTrunk', body: {} },
  {
    what: 'an update without action',
    rpc: 'UpdateSIPInboundTrunk',
    body: { sip_trunk_id: 'ST_x' },
  },
  {
    what: 'a replacement that is null',
    rpc: 'UpdateSIPInboundTrunk',
    body: { sip_trunk_id: 'ST_x', replace: null },
  },
  {
    what: 'a replacement of another id',
    rpc: 'UpdateSIPInboundTrunk',
    body: { sip_trunk_id: 'ST_x', replace: { sip_trunk_id: 'ST_y', numbers: ['+1'] } },
  },
  {
    what: 'a list that is not changed',
    rpc: 'UpdateSIPInboundTrunk',
    body: { sip_trunk_id: 'ST_x', update: { numbers: {} } },
  },
  {
    what: 'a list cleared and changed',
    rpc: 'UpdateSIPInboundTrunk',
    body: { sip_trunk_id: 'ST_x', update: { numbers: { clear: true, add: ['1'] } } },
  },
  { what: 'no rule', rpc: createRule, body: { dispatch_rule: {} } },
  {
    what: 'a new rule with an id',
    rpc: createRule,
    body: { dispatch_rule: { sip_dispatch_rule_id: 'SDR_x', rule: direct } },
  },
  {
    what: 'a rule in the old form',
    rpc: createRule,
    body: {
      rule: direct,
      trunk_ids: ['ST_a'],
      attributes: { a: 'b' },
      room_config: { agents: [{ agent_name: 'x' }] },
    },
  },
  {
    what: 'a rule in the new form, which wins',
    rpc: createRule,
    body: {
      rule: direct,
      name: 'old',
      dispatch_rule: {
        rule: { dispatch_rule_individual: { room_prefix: 'p' } },
        numbers: ['+1'],
        krisp_enabled: true,
      },
    },
  },
  { what: 'all rules', rpc: 'ListSIPDispatchRule', body: {} },
  { what: 'rules by trunk', rpc: 'ListSIPDispatchRule', body: { trunk_ids: ['ST_b'] } },
  {
    what: 'a rule that is not there',
    rpc: 'DeleteSIPDispatchRule',
    body: { sip_dispatch_rule_id: 'SDR_x' },
  },
  { what: 'a trunk to delete without an id', rpc: 'DeleteSIPTrunk', body: {} },
  {
    what: 'a trunk to delete that is not there',
    rpc: 'DeleteSIPTrunk',
    body: { sip_trunk_id: 'ST_x' },
  },
];

export interface RawAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

/** Puts a request to a server, with the token of an operator unless it brings another. */
export async function putRaw(
  url: string,
  authorization: string,
  { method = 'POST', rpc, body, headers = {} }: RawRequest,
): Promise<RawAnswer> {
  const all = { 'content-type': 'application/json', authorization, ...headers };
  const sent = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== null);
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(`${url}/twirp/livekit.SIP/${rpc}`, {
    method,
    headers: sent,
    ...(method === 'GET' ? {} : { body: isRaw ? body : JSON.stringify(body ?? {}) }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const type = response.headers.get('content-type');
  return {
    status: response.status,
    // Blanks and letter case within a content type mean nothing, except in Twirp's.
    type: type?.startsWith('text/') === true ? type.replace(/\s/g, '').toLowerCase() : type,
    body: type === 'application/json' ? JSON.parse(bytes.toString()) : bytes.toString('latin1'),
  };
}
