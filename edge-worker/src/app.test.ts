import { contractVersion } from '@callgate/shared/contract/version.ts';
import { describe, expect, it } from 'vitest';
import { asAdmin, asNode, send } from '../testdata/requests.ts';

describe('the HTTP surface', () => {
  it.each([
    ['DELETE', '/v1/routing', 'GET, HEAD, PUT, PATCH'],
    ['GET', '/v1/offers', 'POST'],
    ['PUT', '/v1/routing/simulate', 'POST'],
    ['GET', '/hooks/routing', 'POST'],
  ])('says which methods a path knows: %s %s', async (method, path, allow) => {
    const response = await asAdmin(method, path);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await response.json()).toMatchObject({ code: 'method-not-allowed' });
  });

  it('says that it is well and which version it is', async () => {
    expect(await (await send('GET', '/health')).json()).toEqual({ status: 'ok' });
    expect(await (await send('GET', '/version')).json()).toEqual({
      name: 'callgate',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      contract: contractVersion,
    });
  });

  it('answers an unknown path with a problem', async () => {
    const response = await send('GET', '/v2/x');
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({
      type: '/v1/problems/not-found',
      title: 'There is no such thing',
      status: 404,
      code: 'not-found',
      detail: 'the path leads nowhere',
    });
  });

  it('describes each kind of problem at its type', async () => {
    expect(await (await send('GET', '/v1/problems/bad-field')).json()).toMatchObject({
      status: 400,
    });
    expect((await send('GET', '/v1/problems/constructor')).status).toBe(404);
  });
});

describe('a body from the network', () => {
  const post = (body: string | Uint8Array, type = 'application/json') =>
    send('POST', '/v1/records', body, {
      authorization: 'Bearer node-token-of-the-tests',
      'content-type': type,
    });

  it.each([
    ['of another type', 'x', 'text/plain', 415, 'unsupported-media-type', 'content-type'],
    ['that is no JSON', '{"secret":', 'application/json', 400, 'bad-json', 'not JSON'],
    ['that is empty', '', 'application/json', 400, 'bad-json', 'not JSON'],
    [
      'nested too deep',
      '['.repeat(33) + ']'.repeat(33),
      'application/json',
      400,
      'bad-json',
      '32 levels',
    ],
    [
      'with __proto__',
      '{"stages":{"__proto__":{}}}',
      'application/json',
      400,
      'bad-json',
      'stages.__proto__',
    ],
    ['that is no object', '5', 'application/json', 400, 'bad-field', 'body'],
  ])('%s is refused', async (_what, body, type, status, code, detail) => {
    const response = await post(body, type);
    expect(response.status).toBe(status);
    const problem = (await response.json()) as { code: string; detail: string };
    expect(problem.code).toBe(code);
    expect(problem.detail).toContain(detail);
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  it('that is not UTF-8 is refused', async () => {
    const response = await post(new Uint8Array([0x22, 0xff, 0x22]));
    expect(await response.json()).toMatchObject({
      code: 'bad-json',
      detail: 'the body is not UTF-8',
    });
  });

  it('of more than 64 KB is refused, announced or not', async () => {
    const announced = await post(`"${'x'.repeat(65_536)}"`);
    expect(announced.status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        for (let part = 0; part < 3; part += 1)
          controller.enqueue(new Uint8Array(30_000).fill(0x20));
        controller.close();
      },
    });
    const { exports } = await import('cloudflare:workers');
    const chunked = await exports.default.fetch('https://edge.test/v1/records', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer node-token-of-the-tests',
      },
      body: stream,
    });
    expect(chunked.status).toBe(413);
  });

  it('names every field that is wrong', async () => {
    const response = await asNode('POST', '/v1/offers', { contract: 1, call_id: 'x' });
    const problem = (await response.json()) as { errors: { field: string }[] };
    expect(problem.errors.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['call_id', 'source', 'from', 'to', 'credentials']),
    );
  });
});
