import { exports } from 'cloudflare:workers';
import { CreateSIPInboundTrunkRequest, SIPInboundTrunkInfo } from '@livekit/protocol';
import { SipClient } from 'livekit-server-sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testApiKey, testApiSecret } from '../../testdata/bindings.ts';
import { apiAuthorization, asAdmin, asNode, putRouting, send } from '../../testdata/requests.ts';

const twirp = (method: string, body: unknown, headers = {}) =>
  asAdmin('POST', `/twirp/livekit.SIP/${method}`, body, headers);

beforeEach(() => putRouting({}));

describe('livekit.SIP by the unmodified SipClient', () => {
  beforeEach(() => {
    vi.stubGlobal('fetch', (input: RequestInfo, init?: RequestInit) =>
      exports.default.fetch(new Request(input, init)),
    );
  });
  afterEach(() => vi.unstubAllGlobals());
  const client = () => new SipClient('https://edge.test', testApiKey, testApiSecret);

  it('creates, lists and deletes inbound trunks', async () => {
    const trunk = await client().createSipInboundTrunk('main', ['+15550100'], {
      authUsername: 'alice',
      authPassword: 'wonderland',
      allowedAddresses: ['203.0.113.0/24'],
      headersToAttributes: { 'X-Ticket': 'ticket' },
      ringingTimeout: 30,
    });
    expect(trunk).toBeInstanceOf(SIPInboundTrunkInfo);
    expect(trunk.sipTrunkId).toMatch(/^ST_[2-9A-HJ-NP-Za-km-z]{12}$/);
    expect(trunk).toMatchObject({
      name: 'main',
      numbers: ['+15550100'],
      authPassword: 'wonderland',
    });
    expect(trunk.ringingTimeout?.seconds).toBe(30n);
    expect(await client().listSipInboundTrunk()).toEqual([trunk]);
    expect(await client().listSipInboundTrunk({ numbers: ['+1 555 0999'] })).toEqual([]);
    expect((await client().deleteSipTrunk(trunk.sipTrunkId)).sipTrunkId).toBe(trunk.sipTrunkId);
    expect(await client().listSipInboundTrunk()).toEqual([]);
  });

  it('creates, lists and deletes dispatch rules', async () => {
    const rule = await client().createSipDispatchRule(
      { type: 'individual', roomPrefix: 'call' },
      { name: 'support', trunkIds: ['ST_a'], attributes: { a: 'b' }, roomPreset: 'p' },
    );
    expect(rule.sipDispatchRuleId).toMatch(/^SDR_/);
    expect(rule).toMatchObject({ name: 'support', trunkIds: ['ST_a'], attributes: { a: 'b' } });
    expect(rule.rule?.rule).toMatchObject({
      case: 'dispatchRuleIndividual',
      value: { roomPrefix: 'call' },
    });
    expect(await client().listSipDispatchRule()).toEqual([rule]);
    expect(await client().listSipDispatchRule({ trunkIds: ['ST_b'] })).toEqual([]);
    expect(await client().deleteSipDispatchRule(rule.sipDispatchRuleId)).toEqual(rule);
    expect(await client().listSipDispatchRule()).toEqual([]);
  });

  it('reports an error with its code and text', async () => {
    await expect(client().createSipInboundTrunk('open', [])).rejects.toMatchObject({
      status: 400,
      code: 'invalid_argument',
      message: expect.stringContaining('for security'),
    });
    await expect(client().deleteSipDispatchRule('SDR_none')).rejects.toMatchObject({
      status: 404,
      code: 'not_found',
      message: 'requested sip dispatch rule does not exist',
    });
  });

  it('is told that a number is taken', async () => {
    await client().createSipInboundTrunk('one', ['+15550100']);
    await expect(client().createSipInboundTrunk('two', ['1 (555) 0100'])).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('Conflicting inbound SIP Trunks'),
    });
  });

  it('is told that Callgate makes no calls', async () => {
    await expect(client().createSipParticipant('ST_a', '+15550100', 'room')).rejects.toMatchObject({
      status: 501,
      code: 'unimplemented',
    });
  });
});

describe('livekit.SIP on the wire', () => {
  it('writes JSON as livekit-server does: snake_case, defaults, null for unset messages', async () => {
    const response = await twirp('CreateSIPInboundTrunk', { trunk: { numbers: ['+1'] } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      sip_trunk_id: expect.stringMatching(/^ST_/),
      name: '',
      metadata: '',
      numbers: ['+1'],
      allowed_addresses: [],
      allowed_numbers: [],
      auth_username: '',
      auth_password: '',
      auth_realm: '',
      headers: {},
      headers_to_attributes: {},
      attributes_to_headers: {},
      include_headers: 'SIP_NO_HEADERS',
      ringing_timeout: null,
      max_call_duration: null,
      krisp_enabled: false,
      media_encryption: 'SIP_MEDIA_ENCRYPT_DISABLE',
      media: null,
      created_at: null,
      updated_at: null,
    });
  });

  it('writes nested messages the same way', async () => {
    const response = await twirp('CreateSIPDispatchRule', {
      dispatch_rule: {
        rule: { dispatch_rule_direct: { room_name: 'r' } },
        room_config: { agents: [{ agent_name: 'a' }] },
        media: {},
      },
    });
    expect(await response.json()).toMatchObject({
      rule: { dispatch_rule_direct: { room_name: 'r', pin: '' } },
      room_config: { name: '', egress: null, agents: [{ agent_name: 'a', metadata: '' }] },
      media: { only_listed_codecs: false, codecs: [] },
    });
  });

  it('reads both spellings, ignores unknown fields', async () => {
    const body = {
      trunk: { numbers: ['+1'], authUsername: 'u', auth_password: 'p', colour: 'red' },
    };
    expect(await (await twirp('CreateSIPInboundTrunk', body)).json()).toMatchObject({
      auth_username: 'u',
      auth_password: 'p',
    });
  });

  it('speaks protobuf', async () => {
    const request = new CreateSIPInboundTrunkRequest({ trunk: { numbers: ['+15550100'] } });
    const response = await twirp('CreateSIPInboundTrunk', request.toBinary(), {
      'content-type': 'Application/Protobuf; x=y',
    });
    expect(response.headers.get('content-type')).toBe('application/protobuf');
    const trunk = SIPInboundTrunkInfo.fromBinary(new Uint8Array(await response.arrayBuffer()));
    expect(trunk.numbers).toEqual(['+15550100']);
  });

  it.each([
    [
      'GET',
      '/ListSIPInboundTrunk',
      'application/json',
      'unsupported method "GET" (only POST is allowed)',
    ],
    [
      'POST',
      '/CreateSIPTrunk',
      'application/json',
      'no handler for path "/twirp/livekit.SIP/CreateSIPTrunk"',
    ],
    ['POST', '', 'application/json', 'no handler for path "/twirp/livekit.SIP"'],
    ['POST', '/ListSIPInboundTrunk', 'text/plain', 'unexpected Content-Type: "text/plain"'],
  ])("answers %s '%s' as %s in the words of livekit-server", async (method, rpc, type, msg) => {
    const path = `/twirp/livekit.SIP${rpc}`;
    const body = method === 'GET' ? undefined : {};
    const response = await asAdmin(method, path, body, { 'content-type': type });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      code: 'bad_route',
      msg,
      meta: { twirp_invalid_route: `${method} ${path}` },
    });
  });

  it('takes an empty member of a oneof for none', async () => {
    const rule = { dispatch_rule_direct: null };
    expect(
      await (await twirp('CreateSIPDispatchRule', { dispatch_rule: { rule } })).json(),
    ).toEqual({
      code: 'invalid_argument',
      msg: 'unsupported SIP Dispatch Rule: <nil>',
    });
    const replaced = await twirp('UpdateSIPInboundTrunk', { sip_trunk_id: 'ST_a', replace: null });
    expect(await replaced.json()).toMatchObject({ msg: 'missing or unsupported update action' });
  });
});

describe('authentication of livekit.SIP', () => {
  const list = (headers: Record<string, string>, query = '') =>
    send('POST', `/twirp/livekit.SIP/ListSIPInboundTrunk${query}`, {}, headers);

  it.each([
    ['no token', {}],
    ['a token without SIP grants', null],
    ['a token that may only call', { call: true }],
  ])('answers %s as a missing grant', async (what, grant) => {
    const headers =
      what === 'no token' ? {} : { authorization: await apiAuthorization(grant as { call: true }) };
    const response = await list(headers as Record<string, string>);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ code: 'unauthenticated', msg: 'permissions denied' });
  });

  it.each([
    ['that is malformed', async () => 'Token x'],
    [
      'signed with another secret',
      () => apiAuthorization({ admin: true }, { secret: 'x'.repeat(40) }),
    ],
    ['of another key', () => apiAuthorization({ admin: true }, { key: 'APIother' })],
    ['that has expired', () => apiAuthorization({ admin: true }, { ttl: '-1m' })],
  ])('answers a token %s in plain text, as livekit-server does', async (_what, authorization) => {
    const response = await list({ authorization: await authorization() });
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toMatch(
      /^invalid authorization (token$|header. Must start with Bearer $)/,
    );
  });

  it('takes the token from the query too', async () => {
    const token = (await apiAuthorization({ admin: true })).replace('Bearer ', '');
    expect((await list({}, `?access_token=${token}`)).status).toBe(200);
  });

  it('opens nothing to a node', async () => {
    expect((await asNode('POST', '/twirp/livekit.SIP/ListSIPInboundTrunk', {})).status).toBe(401);
  });
});
