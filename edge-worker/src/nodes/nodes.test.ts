import { nodeHelloExample, nodeWelcome } from '@callgate/shared/contract/hello.ts';
import { describe, expect, it } from 'vitest';
import { asNode, putRouting, send } from '../../testdata/requests.ts';

const hello = { ...nodeHelloExample, name: 'test-1' };

describe('hello', () => {
  it('tells the revision and how far the clocks are apart', async () => {
    const { revision } = await putRouting({
      trunks: [{ sip_trunk_id: 'ST_hello', numbers: ['+15550100'] }],
    });
    const response = await asNode('POST', '/v1/nodes/hello', {
      ...hello,
      clock_ms: Date.now() - 5_000,
    });
    expect(response.status).toBe(200);
    const welcome = nodeWelcome.parse(await response.json());
    expect(welcome.revision).toBe(revision);
    expect(welcome.clock_skew_ms).toBeGreaterThanOrEqual(5_000);
    // And what the request took.
    expect(welcome.clock_skew_ms).toBeLessThan(30_000);
  });

  it('refuses a token that it does not know', async () => {
    const response = await send('POST', '/v1/nodes/hello', hello, { authorization: 'Bearer x' });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
  });

  it('refuses another version of the contract, naming both', async () => {
    // What a later version adds does not hide that it is one.
    const newer = { ...hello, contract: 3, region: 'fra' };
    const response = await asNode('POST', '/v1/nodes/hello', newer);
    expect(await response.json()).toMatchObject({
      status: 400,
      code: 'contract-version',
      detail:
        'contract: this edge speaks versions 1 to 2, the node speaks 3; bring the edge up to date first',
    });
  });

  it('takes the version before its own', async () => {
    const { uptime_ms: _, ...old } = hello;
    const response = await asNode('POST', '/v1/nodes/hello', { ...old, contract: 1 });
    expect(response.status).toBe(200);
  });

  it('refuses a node that uses the token of another', async () => {
    const response = await asNode('POST', '/v1/nodes/hello', { ...hello, name: 'test-2' });
    expect(response.status).toBe(403);
  });
});
