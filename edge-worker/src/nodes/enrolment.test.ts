import { nodeHelloExample } from '@callgate/shared/contract/hello.ts';
import { linkProtocol } from '@callgate/shared/contract/link.ts';
import { describe, expect, it } from 'vitest';
import { asAdmin, asNode, send } from '../../testdata/requests.ts';

interface Answer {
  readonly code: string;
  readonly token: string;
}

const makeCode = async (name: string) =>
  ((await (await asAdmin('POST', `/v1/nodes/${name}/codes`)).json()) as Answer).code;
const trade = (code: string) => send('POST', '/v1/nodes/enrol', { code });
const enrol = async (name: string) =>
  ((await (await trade(await makeCode(name))).json()) as Answer).token;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const hello = async (name: string, token: string) =>
  (await send('POST', '/v1/nodes/hello', { ...nodeHelloExample, name }, bearer(token))).status;

describe('enrolment', () => {
  it('trades a code for a token of that node, once', async () => {
    const code = await makeCode('fra-1');
    const response = await trade(code);
    expect(response.status).toBe(201);
    const { token, ...rest } = (await response.json()) as Answer;
    expect(rest).toEqual({ name: 'fra-1' });
    expect(await hello('fra-1', token)).toBe(200);
    expect(await hello('ams-1', token)).toBe(403);
    expect((await trade(code)).status).toBe(401);
    const { nodes } = (await (await asAdmin('GET', '/v1/nodes')).json()) as { nodes: object[] };
    expect(nodes).toContainEqual({ name: 'fra-1', enrolled_at_ms: expect.any(Number), link: null });
  });

  it('takes no code that was not made here', async () => {
    for (const code of ['x', 'fra-1.AAAAAAAAAAAAAAAAAAAAAA.0123456789abcdef'])
      expect((await trade(code)).status).toBe(401);
    expect((await send('POST', '/v1/nodes/fra-1/codes')).status).toBe(401);
    expect((await asNode('POST', '/v1/nodes/fra-1/codes')).status).toBe(401);
  });

  it('anew makes the token before worthless', async () => {
    const old = await enrol('fra-2');
    const young = await enrol('fra-2');
    expect([await hello('fra-2', old), await hello('fra-2', young)]).toEqual([401, 200]);
  });

  it('turns a token into a new one, and takes the old one for a while', async () => {
    const old = await enrol('fra-3');
    const response = await send('POST', '/v1/nodes/rotate', undefined, bearer(old));
    expect(response.status).toBe(201);
    const { token } = (await response.json()) as Answer;
    expect([await hello('fra-3', old), await hello('fra-3', token)]).toEqual([200, 200]);
    expect((await asNode('POST', '/v1/nodes/rotate')).status).toBe(409);
  });
});

describe('revocation', () => {
  it('cuts the link and refuses whatever comes next', async () => {
    const token = await enrol('fra-4');
    const { webSocket } = await send('GET', '/v1/nodes/link', undefined, {
      ...bearer(token),
      upgrade: 'websocket',
      'sec-websocket-protocol': linkProtocol,
    });
    const closed = new Promise<CloseEvent>((resolve) =>
      webSocket?.addEventListener('close', resolve),
    );
    webSocket?.accept();
    expect(await (await asAdmin('POST', '/v1/nodes/fra-4/revoke')).json()).toEqual({ done: true });
    expect((await closed).code).toBe(4_003);
    expect(await hello('fra-4', token)).toBe(401);
    expect((await send('POST', '/v1/offers', {}, bearer(token))).status).toBe(401);
    const { nodes } = (await (await asAdmin('GET', '/v1/nodes')).json()) as {
      nodes: { name: string }[];
    };
    expect(nodes.map(({ name }) => name)).not.toContain('fra-4');
  });

  it('takes back a code that nobody has used', async () => {
    const code = await makeCode('fra-5');
    expect((await asAdmin('POST', '/v1/nodes/fra-5/revoke')).status).toBe(200);
    expect((await trade(code)).status).toBe(401);
  });

  it('of a node that there is not, such as one whose name is mistyped, is an error', async () => {
    await enrol('fra-6');
    const response = await asAdmin('POST', '/v1/nodes/far-6/revoke');
    expect(await response.json()).toMatchObject({ status: 404, code: 'not-found' });
  });

  it('of a token that the configuration names is told where it belongs', async () => {
    const response = await asAdmin('POST', '/v1/nodes/test-1/revoke');
    expect(await response.json()).toMatchObject({
      code: 'command-refused',
      detail: expect.stringContaining('NODE_TOKENS'),
    });
  });
});
