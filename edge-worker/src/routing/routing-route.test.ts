import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { apiAuthorization, asAdmin, asNode, putRouting, send } from '../../testdata/requests.ts';
import { manifestKey, shardKey } from './shards/manifest.ts';

const trunk = {
  sip_trunk_id: 'ST_a',
  numbers: ['+15550100'],
  auth_username: 'alice',
  auth_password: 'wonderland',
};
const rule = {
  sip_dispatch_rule_id: 'SDR_a',
  rule: { dispatch_rule_direct: { room_name: 'lobby' } },
};
const stored = async () =>
  (await (await asAdmin('GET', '/v1/routing')).json()) as {
    revision: number;
    trunks: object[];
    rules: object[];
  };

describe('the routing document', () => {
  it('comes back as it was put, with defaults, one revision later', async () => {
    const before = await stored();
    const { revision } = await putRouting({ trunks: [trunk], rules: [rule] });
    expect(revision).toBe(before.revision + 1);
    expect(await stored()).toMatchObject({ revision, trunks: [trunk], rules: [rule] });
  });

  it('can be put back as it was read, which changes nothing', async () => {
    await putRouting({ trunks: [trunk], rules: [rule] });
    const read = await stored();
    const response = await asAdmin('PUT', '/v1/routing', read);
    expect(await response.json()).toEqual({
      revision: read.revision,
      dry_run: false,
      changed: 0,
      diff: [],
      lint: { findings: expect.any(Array), is_cut: false },
    });
    expect(await stored()).toEqual(read);
  });

  it('gives ids to members without one', async () => {
    await putRouting({ trunks: [{ numbers: ['+1'] }], rules: [{ rule: rule.rule }] });
    expect(await stored()).toMatchObject({
      trunks: [{ sip_trunk_id: expect.stringMatching(/^ST_/) }],
      rules: [{ sip_dispatch_rule_id: expect.stringMatching(/^SDR_/) }],
    });
  });

  it('is published to KV without passwords', async () => {
    const { revision } = await putRouting({ trunks: [trunk], rules: [rule] });
    const manifest = async () => JSON.parse((await env.ROUTING.get(manifestKey)) ?? '{}');
    await expect.poll(manifest).toMatchObject({ revision });
    const { numbers, common } = (await manifest()) as { numbers: string[]; common: string };
    const texts = await Promise.all(
      [numbers[0] ?? '', common].map((hash) => env.ROUTING.get(shardKey(hash))),
    );
    expect(texts.join()).toContain('"username":"alice","realm":"LiveKit","ha1":{"SHA-256":"');
    expect(texts.join()).not.toContain('wonderland');
    const plain = Buffer.from(/\n\["([^"]+)",\{/.exec(texts.join())?.[1] ?? '', 'base64');
    expect(plain.toString('latin1')).toContain('ST_a');
    expect(plain.toString('latin1')).not.toContain('wonderland');
  });

  it.each([
    ['no object', [], 'body'],
    ['no trunks', { rules: [] }, 'trunks'],
    ['rules that are no array', { trunks: [], rules: {} }, 'rules'],
    ['an unknown member', { trunks: [], rules: [], colour: 1 }, 'colour'],
    ['an unknown field', { trunks: [{ ...trunk, colour: 1 }], rules: [] }, 'trunks.0.colour'],
    ['a wrong type', { trunks: [{ ...trunk, numbers: 'secret' }], rules: [] }, 'trunks.0.numbers'],
    ['a member that is null', { trunks: [], rules: [null] }, 'rules.0'],
  ])('with %s is refused by the name of the field', async (_what, document, field) => {
    const before = await stored();
    const response = await asAdmin('PUT', '/v1/routing', document);
    expect(response.status).toBe(400);
    const problem = (await response.json()) as { detail: string };
    expect(problem).toMatchObject({ code: 'bad-field' });
    expect(problem.detail.startsWith(`${field}:`)).toBe(true);
    expect(JSON.stringify(problem)).not.toContain('secret');
    expect(await stored()).toEqual(before);
  });

  it.each([
    [
      'an id twice',
      { trunks: [trunk, { ...trunk, numbers: ['+2'] }] },
      /^trunks\.1\.sip_trunk_id$/,
    ],
    ['an open trunk', { trunks: [{ sip_trunk_id: 'ST_b' }] }, /^trunks\.0\.numbers$/],
    [
      'half of the credentials',
      { trunks: [{ ...trunk, auth_password: '' }] },
      /^trunks\.0\.auth_password$/,
    ],
    ['a rule of no kind', { rules: [{ rule: {} }] }, /^rules\.0\.rule$/],
    ['a number taken twice', { trunks: [trunk, { numbers: ['1 (555) 0100'] }] }, /^trunks\.ST_/],
    ['two rules for one call', { rules: [rule, { rule: rule.rule }] }, /^rules\.SDR_/],
  ])('with %s is refused whole', async (_what, document, field) => {
    const before = await stored();
    const response = await asAdmin('PUT', '/v1/routing', { trunks: [], rules: [], ...document });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      code: 'routing-invalid',
      errors: [{ field: expect.stringMatching(field) }],
    });
    expect(await stored()).toEqual(before);
  });

  it('belongs to operators', async () => {
    for (const method of ['GET', 'PUT']) {
      expect((await send(method, '/v1/routing', method === 'PUT' ? {} : undefined)).status).toBe(
        401,
      );
      expect((await asNode(method, '/v1/routing', method === 'PUT' ? {} : undefined)).status).toBe(
        401,
      );
      const authorization = await apiAuthorization({ call: true });
      const body = method === 'PUT' ? {} : undefined;
      expect((await send(method, '/v1/routing', body, { authorization })).status).toBe(403);
    }
  });
});
