import { expect, it } from 'vitest';
import { asNode } from '../../testdata/requests.ts';

const newer = { contract: 3, said: 'what only a later version says' };

it.each([
  ['/v1/nodes/hello', newer],
  ['/v1/offers', newer],
  ['/v1/offers/SCL_4xYpQ2mNkT7w/pin', newer],
  ['/v1/records', newer],
  ['/v1/records', [newer]],
  ['/v1/progress', newer],
  ['/v1/leases', newer],
])(
  '%s tells a node of a later version which side has to be brought up to date: %j',
  async (path, body) => {
    const response = await asNode('POST', path, body);
    expect(await response.json()).toMatchObject({
      status: 400,
      code: 'contract-version',
      detail: expect.stringContaining('bring the edge up to date first'),
    });
  },
);
