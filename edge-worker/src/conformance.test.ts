/**
 * The conformance vectors through the HTTP surface, as an outsider would run them: validation and updates by Twirp, trunks, rules, evaluation, media and
 * addresses by the dry run. shared/ holds the same cases against the pure functions; outbound trunks have no surface here.
 */

import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import addresses from '../../shared/testdata/conformance/addresses.json' with { type: 'json' };
import evaluate from '../../shared/testdata/conformance/evaluate.json' with { type: 'json' };
import listUpdate from '../../shared/testdata/conformance/list-update.json' with { type: 'json' };
import media from '../../shared/testdata/conformance/media.json' with { type: 'json' };
import rules from '../../shared/testdata/conformance/rules.json' with { type: 'json' };
import trunks from '../../shared/testdata/conformance/trunks.json' with { type: 'json' };
import validation from '../../shared/testdata/conformance/validation.json' with { type: 'json' };
import { asAdmin, putRouting } from '../testdata/requests.ts';

type Json = Record<string, unknown>;
interface Case {
  readonly id: string;
  readonly about: string;
  readonly input: Json;
  readonly expect: Json;
}

const casesOf = (file: { cases: unknown }, filter: (one: Case) => boolean = () => true) =>
  (file.cases as Case[]).filter(filter).map((one) => [`${one.id}: ${one.about}`, one] as const);
const isOutbound = ({ input }: Case) => String(input['rpc'] ?? '').includes('Outbound');

async function simulate(body: Json): Promise<Json> {
  const response = await asAdmin('POST', '/v1/routing/simulate', body);
  if (response.status !== 200) throw new Error(await response.text());
  return (await response.json()) as Json;
}

const catchAll = {
  sip_dispatch_rule_id: 'all',
  rule: { dispatch_rule_direct: { room_name: 'all' } },
};

describe('trunks.json by the dry run', () => {
  it.each(casesOf(trunks, ({ input }) => input['op'] !== 'select'))('%s', async (_, one) => {
    const { call, trunks: own, legacy_trunks, allow_trunkless_calls } = one.input;
    const answer = await simulate({
      call: call ?? {},
      trunks: own,
      ...(legacy_trunks === undefined ? {} : { legacy_trunks }),
      ...(allow_trunkless_calls === undefined ? {} : { allow_trunkless_calls }),
      rules: [catchAll],
    });
    expect(answer['set_valid']).toBe(one.expect['set_valid']);
    if (one.input['op'] === 'validate') return;
    const outcome = one.expect['outcome'] === 'continue' ? 'accept' : one.expect['outcome'];
    expect(answer).toMatchObject({ outcome, trunk: one.expect['trunk'] });
    if (one.expect['match_type'] !== undefined)
      expect(answer['match_type']).toBe(one.expect['match_type']);
    if (one.expect['reason'] !== undefined) expect(answer['reason']).toBe(one.expect['reason']);
  });
});

describe('rules.json by the dry run', () => {
  it.each(casesOf(rules, ({ input }) => input['op'] !== 'select'))('%s', async (_, one) => {
    const { op, call, ...input } = one.input;
    const answer = await simulate({ ...input, trunks: [], call: call ?? {} });
    expect(answer['set_valid']).toBe(one.expect['set_valid']);
    if (op === 'validate') return;
    expect(answer).toMatchObject({ outcome: one.expect['outcome'], rule: one.expect['rule'] });
    if (one.expect['reason'] !== undefined) expect(answer['reason']).toBe(one.expect['reason']);
    if (one.expect['skipped'] !== undefined)
      expect(answer['skipped']).toEqual(one.expect['skipped']);
  });
});

describe('evaluate.json by the dry run', () => {
  const isEmpty = (value: unknown) =>
    value === null || value === '' || ['{}', '[]'].includes(JSON.stringify(value));

  // E25 sends a PIN to an open rule: matching never lets that through, only the pure function can be asked.
  it.each(casesOf(evaluate, ({ id }) => id !== 'E25'))('%s', async (_, one) => {
    const { op, trunk, rule, call, ...input } = one.input;
    const id = (trunk as Json | null)?.['sip_trunk_id'];
    const answer = await simulate({
      ...input,
      call: call ?? {},
      trunks: trunk === null ? [] : [trunk],
      rules: [rule ?? catchAll],
      trunk_id: id ?? null,
    });
    const evaluation = answer['evaluation'] as Json;
    if (op === 'digest') {
      expect(evaluation['digest']).toEqual(one.expect);
      return;
    }
    for (const [field, value] of Object.entries(one.expect)) {
      if (value !== null && typeof value === 'object' && 'match' in value)
        expect(evaluation[field], field).toMatch(new RegExp(String(value.match)));
      else if (isEmpty(value)) expect(isEmpty(evaluation[field]), field).toBe(true);
      else expect(evaluation[field], field).toEqual(value);
    }
  });
});

describe('media.json by the dry run', () => {
  it.each(casesOf(media))('%s', async (_, one) => {
    const { trunk, rule } = one.input as { trunk: Json | null; rule: Json };
    const answer = await simulate({
      call: {},
      trunks: trunk === null ? [] : [{ ...trunk, sip_trunk_id: 'T' }],
      rules: [{ ...catchAll, ...rule }],
      trunk_id: trunk === null ? null : 'T',
    });
    expect(answer['evaluation']).toMatchObject(one.expect);
    expect((answer['evaluation'] as Json)['media']).toEqual(one.expect['media']);
  });
});

describe('addresses.json', () => {
  it.each(casesOf(addresses, ({ input }) => input['op'] === 'match'))('%s', async (_, one) => {
    const { source, from_host, allowed_addresses } = one.input;
    const answer = await simulate({
      call: { source, from_host, to_user: '+1' },
      trunks: [{ sip_trunk_id: 'T', numbers: ['+1'], allowed_addresses }],
      rules: [catchAll],
    });
    expect(answer['outcome'] === 'accept').toBe(one.expect['allow']);
  });

  it.each(casesOf(addresses, ({ input }) => input['op'] === 'save'))('%s', async (_, one) => {
    await putRouting({});
    const { allowed_addresses } = one.input;
    const response = await asAdmin('POST', '/twirp/livekit.SIP/CreateSIPInboundTrunk', {
      trunk: { numbers: ['+1'], allowed_addresses },
    });
    expect(response.status).toBe(one.expect['valid'] === true ? 200 : 400);
  });
});

/** Puts what a case has stored, sends its request, and returns the answer. */
async function rpcOf(one: Case): Promise<Response> {
  const stored = (one.input['stored'] ?? {}) as {
    inbound_trunks?: Json[];
    dispatch_rules?: Json[];
  };
  await putRouting({
    ...(stored.inbound_trunks === undefined ? {} : { trunks: stored.inbound_trunks }),
    ...(stored.dispatch_rules === undefined ? {} : { rules: stored.dispatch_rules }),
  });
  return asAdmin('POST', `/twirp/livekit.SIP/${String(one.input['rpc'])}`, one.input['request']);
}

async function expectError(response: Response, error: unknown): Promise<void> {
  const { code, status, msg } = error as { code: string; status: number; msg: unknown };
  const text =
    typeof msg === 'string' ? msg : expect.stringMatching((msg as { match: string }).match);
  expect({ status: response.status, ...((await response.json()) as Json) }).toEqual({
    status,
    code,
    msg: text,
  });
}

describe('validation.json by Twirp', () => {
  it.each(casesOf(validation, (one) => !isOutbound(one)))('%s', async (_, one) => {
    const response = await rpcOf(one);
    if (one.expect['error'] !== undefined) return expectError(response, one.expect['error']);
    expect(response.status).toBe(200);
    if (one.expect['response'] !== undefined)
      expect(await response.json()).toMatchObject(one.expect['response'] as object);
  });
});

describe('list-update.json by Twirp', () => {
  it.each(casesOf(listUpdate, ({ input }) => input['op'] === 'list'))('%s', async (_, one) => {
    // Names may stand in a trunk's numbers in any order and number of times; the trunk stays valid without them.
    const { list, update } = one.input;
    await putRouting({
      trunks: [{ sip_trunk_id: 'T', allowed_addresses: ['192.0.2.1'], numbers: list }],
    });
    const response = await asAdmin('POST', '/twirp/livekit.SIP/UpdateSIPInboundTrunk', {
      sip_trunk_id: 'T',
      update: { numbers: update },
    });
    if (one.expect['error'] !== undefined) return expectError(response, one.expect['error']);
    expect(await response.json()).toMatchObject({ numbers: one.expect['list'] });
  });

  const updates = casesOf(listUpdate, (one) => one.input['op'] === 'update' && !isOutbound(one));
  it.each(updates)('%s', async (_, one) => {
    const response = await rpcOf(one);
    if (one.expect['error'] !== undefined) return expectError(response, one.expect['error']);
    const answer = await response.json();
    const type = String(one.input['rpc']).includes('Trunk')
      ? SIPInboundTrunkInfo
      : SIPDispatchRuleInfo;
    expect(type.fromJson(answer as never)).toEqual(type.fromJson(one.expect['result'] as never));
  });
});
