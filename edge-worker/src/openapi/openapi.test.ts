import { describe, expect, it } from 'vitest';
import committed from '../../../docs/openapi.json' with { type: 'json' };
import { send } from '../../testdata/requests.ts';
import { createApp } from '../app.ts';
import { systemClock } from '../clock.ts';
import { openapiDocument } from './openapi.ts';
import { operations } from './operations.ts';

describe('the OpenAPI document', () => {
  it('that is committed is that of the schemas (else: npm run openapi)', () => {
    expect(committed).toEqual(JSON.parse(JSON.stringify(openapiDocument())));
  });

  it('is served', async () => {
    expect(await (await send('GET', '/v1/openapi.json')).json()).toEqual(committed);
  });

  it('names every route of the app, and no other', () => {
    const routes = createApp(systemClock)
      .routes.filter(({ method, path }) => method !== 'ALL' && !path.startsWith('/twirp'))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}').replace(/\/$/, '')}`);
    const documented = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect([...new Set(routes)].toSorted()).toEqual(documented.toSorted());
  });

  it('refuses what its operations say they refuse', async () => {
    for (const { method, path, auth } of operations) {
      if (auth !== 'node' && auth !== 'operator') continue;
      const body = method === 'get' ? undefined : {};
      const response = await send(method.toUpperCase(), path.replace(/\{\w+\}/, '1'), body);
      expect([path, response.status]).toEqual([path, 401]);
    }
  });
});
