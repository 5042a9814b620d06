import { describe, expect, it } from 'vitest';
import { asAdmin, putRouting } from '../../testdata/requests.ts';

const trunk = (id: string, number: string, more = {}) => ({
  sip_trunk_id: id,
  numbers: [number],
  ...more,
});
const rule = {
  sip_dispatch_rule_id: 'SDR_a',
  rule: { dispatch_rule_direct: { room_name: 'lobby', pin: '1234' } },
};
const json = async (response: Response) => (await response.json()) as Record<string, unknown>;
const stored = async () => json(await asAdmin('GET', '/v1/routing'));
const patch = (body: object, headers = {}) =>
  asAdmin('PATCH', '/v1/routing', body, {
    'content-type': 'application/merge-patch+json',
    ...headers,
  });

describe('a merge patch', () => {
  it('changes single objects by id, adds and removes them', async () => {
    await putRouting({ trunks: [trunk('ST_a', '+1'), trunk('ST_b', '+2')], rules: [rule] });
    const response = await patch({
      trunks: { ST_a: { name: 'main', metadata: null }, ST_b: null, ST_c: { numbers: ['+3'] } },
    });
    expect(response.status).toBe(200);
    expect(await stored()).toMatchObject({
      trunks: [trunk('ST_a', '+1', { name: 'main' }), trunk('ST_c', '+3')],
      rules: [rule],
    });
  });

  it('replaces a list whole, as RFC 7396 has it', async () => {
    await putRouting({ trunks: [trunk('ST_a', '+1')], rules: [rule] });
    await patch({ trunks: [trunk('ST_b', '+2')] });
    expect(await stored()).toMatchObject({ trunks: [trunk('ST_b', '+2')], rules: [rule] });
    await patch({ rules: null });
    expect(await stored()).toMatchObject({ trunks: [trunk('ST_b', '+2')], rules: [] });
  });

  it('keeps the password that it does not mention', async () => {
    const secured = trunk('ST_a', '+1', { auth_username: 'u', auth_password: 'p' });
    await putRouting({ trunks: [secured] });
    await patch({ trunks: { ST_a: { name: 'x' } } });
    expect(await stored()).toMatchObject({ trunks: [{ ...secured, name: 'x' }] });
  });

  it('may move a number from one trunk to another at once', async () => {
    await putRouting({ trunks: [trunk('ST_a', '+1'), trunk('ST_b', '+2')] });
    const response = await patch({
      trunks: { ST_a: { numbers: ['+2'] }, ST_b: { numbers: ['+1'] } },
    });
    expect(response.status).toBe(200);
  });

  it.each<[string, object, number, RegExp]>([
    ['an unknown member', { colour: 1 }, 400, /^colour:/],
    ['an unknown field', { trunks: { ST_a: { colour: 1 } } }, 422, /^trunks\.ST_a/],
    ['a wrong type', { trunks: { ST_a: { numbers: 'secret' } } }, 422, /^trunks\.ST_a/],
    ['another id inside', { trunks: { ST_a: { sip_trunk_id: 'ST_x' } } }, 422, /sip_trunk_id/],
    ['no protection left', { trunks: { ST_a: { numbers: null } } }, 422, /^trunks\.ST_a\.numbers/],
    ['a number that is taken', { trunks: { ST_a: { numbers: ['+2'] } } }, 422, /^trunks\.ST_/],
    ['a number for a list', { trunks: 5 }, 422, /^trunks/],
  ])('with %s is refused, and nothing changes', async (_what, body, status, detail) => {
    await putRouting({ trunks: [trunk('ST_a', '+1'), trunk('ST_b', '+2')] });
    const before = await stored();
    const response = await patch(body);
    expect(response.status).toBe(status);
    const problem = await json(response);
    expect(problem['detail']).toMatch(detail);
    expect(JSON.stringify(problem)).not.toContain('secret');
    expect(await stored()).toEqual(before);
  });
});

describe('a dry run', () => {
  it('answers diff and lint of the change and stores nothing', async () => {
    await putRouting({ trunks: [trunk('ST_a', '+1')] });
    const before = await stored();
    const response = await asAdmin('PUT', '/v1/routing?dry_run=1', {
      trunks: [trunk('ST_a', '+1', { name: 'x' }), trunk('ST_b', '+2')],
      rules: [],
    });
    expect(await json(response)).toMatchObject({
      revision: before['revision'],
      dry_run: true,
      changed: 2,
      diff: [
        {
          kind: 'trunk',
          id: 'ST_a',
          change: 'changed',
          fields: { name: { before: '', after: 'x' } },
        },
        { kind: 'trunk', id: 'ST_b', change: 'added' },
      ],
      lint: { findings: expect.arrayContaining([expect.objectContaining({ id: 'ST_b' })]) },
    });
    expect(await stored()).toEqual(before);
  });

  it('refuses what a change would be refused for', async () => {
    const response = await asAdmin('PUT', '/v1/routing?dry_run=1', {
      trunks: [trunk('ST_a', '+1'), trunk('ST_b', '+1')],
      rules: [],
    });
    expect(response.status).toBe(422);
    expect((await asAdmin('PUT', '/v1/routing?dry_run=maybe', {})).status).toBe(400);
  });
});

describe('If-Match', () => {
  const put = (etag: string, name: string) =>
    asAdmin(
      'PUT',
      '/v1/routing',
      { trunks: [trunk('ST_a', '+1', { name })], rules: [] },
      { 'if-match': etag },
    );

  it('lets one of two writers through', async () => {
    await putRouting({ trunks: [trunk('ST_a', '+1', { name: crypto.randomUUID() })] });
    const etag = (await asAdmin('GET', '/v1/routing')).headers.get('etag') ?? '';
    const answers = await Promise.all([put(etag, 'one'), put(etag, 'two')]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412]);
    const refused = answers.find(({ status }) => status === 412);
    expect(await refused?.json()).toMatchObject({ code: 'revision-mismatch' });
  });

  it('takes * for any revision, and nothing that is no ETag', async () => {
    expect((await put('*', 'x')).status).toBe(200);
    expect((await put('twelve', 'x')).status).toBe(400);
  });
});

describe('Idempotency-Key', () => {
  const put = (name: string, key: string) =>
    asAdmin(
      'PUT',
      '/v1/routing',
      { trunks: [trunk('ST_a', '+1', { name })], rules: [] },
      { 'idempotency-key': key },
    );

  it('gives the first answer again, and does nothing twice', async () => {
    const first = await json(await put('one', 'key-1'));
    await put('two', 'key-2');
    const again = await put('one', 'key-1');
    expect(await again.json()).toEqual(first);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await stored()).toMatchObject({ trunks: [{ name: 'two' }] });
  });

  it('stands for one request only', async () => {
    await put('one', 'key-3');
    const response = await put('other', 'key-3');
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'idempotency-key-reused' });
  });
});

describe('the history', () => {
  it('lists revisions with author, time and source, the newest first', async () => {
    const { revision } = await putRouting({ trunks: [trunk('ST_a', `+${Date.now()}`)] });
    const { revisions } = (await json(await asAdmin('GET', '/v1/routing/revisions'))) as {
      revisions: object[];
    };
    expect(revisions[0]).toMatchObject({
      revision,
      author: 'operator',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      source: 'PUT /v1/routing',
    });
    const older = await json(await asAdmin('GET', `/v1/routing/revisions?before=${revision}`));
    expect(JSON.stringify(older)).not.toContain(`"revision":${revision},`);
  });

  it('shows a revision as it was, and what it changed, without secrets', async () => {
    const secured = trunk('ST_a', '+1', { auth_username: 'u', auth_password: 'wonderland' });
    const first = await putRouting({ trunks: [secured], rules: [rule] });
    const second = await putRouting({ trunks: [{ ...secured, auth_password: 'looking-glass' }] });
    await putRouting({});
    const then = await json(await asAdmin('GET', `/v1/routing/revisions/${first.revision}`));
    expect(then).toMatchObject({ revision: first.revision, trunks: [secured], rules: [rule] });
    const response = await asAdmin('GET', `/v1/routing/revisions/${second.revision}/diff`);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      diff: [
        { kind: 'rule', id: 'SDR_a', change: 'removed' },
        {
          kind: 'trunk',
          id: 'ST_a',
          change: 'changed',
          fields: { auth_password: { before: '<hidden>', after: '<hidden>' } },
        },
      ],
    });
    expect(text).not.toMatch(/wonderland|looking-glass|1234/);
  });

  it('goes back to a revision by a new one', async () => {
    const first = await putRouting({ trunks: [trunk('ST_a', '+1')], rules: [rule] });
    const before = await stored();
    const last = await putRouting({ trunks: [trunk('ST_b', '+1'), trunk('ST_c', '+3')] });
    const path = `/v1/routing/revisions/${first.revision}/rollback`;
    const response = await asAdmin('POST', path);
    expect(await json(response)).toMatchObject({ revision: last.revision + 1, changed: 4 });
    expect(await stored()).toEqual({ ...before, revision: last.revision + 1 });
    expect(await json(await asAdmin('POST', path))).toMatchObject({ changed: 0 });
  });

  it.each(['/v1/routing/revisions/999999', '/v1/routing/revisions/999999/diff'])(
    'knows nothing of %s',
    async (path) => {
      const response = await asAdmin('GET', path);
      expect(await json(response)).toMatchObject({ status: 404, code: 'not-found' });
    },
  );

  it('knows no revision that is no number, and does not go back to one', async () => {
    expect((await asAdmin('GET', '/v1/routing/revisions/one')).status).toBe(400);
    const before = await stored();
    expect((await asAdmin('POST', '/v1/routing/revisions/999999/rollback')).status).toBe(404);
    expect(await stored()).toEqual(before);
  });
});

describe('the linter', () => {
  it('names what can never match', async () => {
    await putRouting({
      trunks: [trunk('ST_a', '+1')],
      rules: [{ ...rule, trunk_ids: ['ST_gone'] }],
    });
    const { findings } = await json(await asAdmin('GET', '/v1/routing/lint'));
    expect(findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'rule', id: 'SDR_a', field: 'trunk_ids' }),
      ]),
    );
  });
});
