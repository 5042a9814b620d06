import { nodeHelloExample } from '@callgate/shared/contract/hello.ts';
import { leaseReportExample } from '@callgate/shared/contract/lease.ts';
import { ofNewerNode } from '@callgate/shared/contract/newer-node.fake.ts';
import { offerExample } from '@callgate/shared/contract/offer.ts';
import { callProgressExample } from '@callgate/shared/contract/progress.ts';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { expect, it } from 'vitest';
import { asAdmin, asNode } from '../../testdata/requests.ts';

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

const hello = { ...nodeHelloExample, name: 'test-1' };
const record = { ...callRecordExample, call_id: 'SCL_mmmmmmmmmmmm' };

it.each([
  ['/v1/nodes/hello', hello, { contract: 2 }],
  ['/v1/offers', offerExample, { kind: 'refuse', reason: 'no-trunk' }],
  ['/v1/progress', { ...callProgressExample, call_id: 'SCL_nnnnnnnnnnnn' }, { counted: true }],
  ['/v1/records', record, { counted: true }],
  ['/v1/records', [record, { ...record, sequence: 1 }], { counted: [false, true] }],
  ['/v1/leases', leaseReportExample, { held: 1, ended: 0 }],
])(
  '%s takes what a newer node of the same version says: an edge was put back',
  async (path, body, answer) => {
    const response = await asNode('POST', path, ofNewerNode(body));
    expect(await response.json()).toMatchObject(answer);
  },
);

it('keeps of the record of a newer node what it knows', async () => {
  const call_id = 'SCL_pppppppppppp';
  await asNode('POST', '/v1/records', ofNewerNode({ ...callRecordExample, call_id }));
  const call = await (await asAdmin('GET', `/v1/calls/${call_id}`)).json();
  expect(call).toMatchObject({ records: [{ record: { ...callRecordExample, call_id } }] });
  expect(JSON.stringify(call)).not.toContain('colour');
});
