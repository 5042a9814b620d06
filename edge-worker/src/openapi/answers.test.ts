/** What the Worker answers is what its OpenAPI document says: no field more, none less, and no status that does not stand there. */
import { callProgressExample } from '@callgate/shared/contract/progress.ts';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { nextCallId } from '../../testdata/call-ids.ts';
import { livingLink } from '../../testdata/link.ts';
import { offerOf } from '../../testdata/phone.ts';
import { asAdmin, asNode, putRouting, send } from '../../testdata/requests.ts';
import { operations } from './operations.ts';

const answered = nextCallId();
const live = nextCallId();
const refused = nextCallId();

beforeAll(async () => {
  await putRouting({
    trunks: [{ sip_trunk_id: 'ST_a', numbers: ['+15550100'] }],
    rules: [
      {
        sip_dispatch_rule_id: 'SDR_a',
        rule: { dispatch_rule_direct: { room_name: 'lobby' } },
      },
    ],
  });
  await livingLink('0123456789abcdef');
  const of = { trunk_id: 'ST_a', rule_id: 'SDR_a', revision: 1 };
  await asNode('POST', '/v1/records', { ...callRecordExample, ...of, call_id: answered });
  await asNode('POST', '/v1/progress', { ...callProgressExample, ...of, call_id: live });
  const to = { user: '+15559999', host: 'sip.example.com' };
  await asNode('POST', '/v1/offers', offerOf({ call_id: refused, to }));
  // Why a call was refused is kept behind the answer.
  await vi.waitFor(
    async () => expect((await asAdmin('GET', `/v1/calls/${refused}`)).status).toBe(200),
    20_000,
  );
  const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
  const receiver = { url: 'https://hooks.example.org/', types: ['*'], secrets: [secret] };
  await asAdmin('PUT', '/v1/webhooks/crm', receiver);
});

const operationOf = (method: string, path: string) => {
  const found = operations.find((one) => one.method === method && one.path === path);
  if (found === undefined) throw new Error(`no operation ${method} ${path}`);
  return found;
};

describe('an answer', () => {
  it.each([
    ['/v1/calls', '/v1/calls?limit=10'],
    ['/v1/calls/{id}', `/v1/calls/${answered}`],
    ['/v1/calls/{id}', `/v1/calls/${live}`],
    ['/v1/calls/{id}', `/v1/calls/${refused}`],
    ['/v1/trunks/{id}/calls', '/v1/trunks/ST_a/calls'],
    ['/v1/nodes', '/v1/nodes'],
    ['/v1/routing', '/v1/routing'],
    ['/v1/routing/lint', '/v1/routing/lint'],
    ['/v1/routing/status', '/v1/routing/status'],
    ['/v1/routing/revisions', '/v1/routing/revisions'],
    ['/v1/routing/revisions/{number}', '/v1/routing/revisions/1'],
    ['/v1/routing/revisions/{number}/diff', '/v1/routing/revisions/1/diff'],
    ['/v1/webhooks', '/v1/webhooks'],
    ['/v1/dead-letters', '/v1/dead-letters'],
    ['/health', '/health'],
    ['/version', '/version'],
  ])('of %s is as it is described: %s', async (operation, path) => {
    const response = await asAdmin('GET', path);
    const body: unknown = await response.json();
    expect(response.status, JSON.stringify(body)).toBe(200);
    const { schema } = operationOf('get', operation).responses[200] ?? {};
    // What the schema does not name it leaves out.
    expect(schema?.parse(body)).toEqual(body);
  });
});

describe('a wrong parameter of a path', () => {
  it('is answered by a status that is described', async () => {
    for (const { method, path, auth, responses } of operations) {
      if (!path.includes('{') || auth !== 'operator') continue;
      const wrong = path.replace(/\{\w+\}/g, '%20');
      const body = method === 'get' || method === 'delete' ? undefined : {};
      const response = await asAdmin(method.toUpperCase(), wrong, body);
      const described = await describedStatuses(method, path);
      expect([...Object.keys(responses), ...described], `${method} ${path}`).toContain(
        String(response.status),
      );
    }
  });
});

async function describedStatuses(method: string, path: string): Promise<readonly string[]> {
  const { paths } = (await (await send('GET', '/v1/openapi.json')).json()) as {
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  };
  return Object.keys(paths[path]?.[method]?.responses ?? {});
}
