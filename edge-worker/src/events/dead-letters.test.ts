/** Which dead letters are kept, for how long, and how they are not asked for. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { webhookLimits } from '@callgate/shared/limits.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { asAdmin } from '../../testdata/requests.ts';
import { type Delivery, makeEvent } from './event.ts';
import { type DeadLetter, webhooksOf } from './webhooks.ts';

const max = 6;
const why = 'not taken in 8 tries';
const webhooks = () => webhooksOf(env);

beforeEach(async () => {
  for (const id of ['crm', 'erp'])
    await webhooks().put(id, `https://${id}.example.com/`, ['*'], ['sealed']);
});
afterEach(async () => {
  for (const id of ['crm', 'erp']) await webhooks().remove(id);
});

let events = 0;
const letters = (webhook: string, count: number): Delivery[] =>
  Array.from({ length: count }, () => {
    events += 1;
    return { webhook, event: makeEvent('webhook.test', `dead-${events}`, 0, { n: events }) };
  });

const bury = (deliveries: readonly Delivery[]) =>
  webhooks().bury(
    deliveries.map((delivery) => ({ ...delivery, why })),
    max,
  );
const kept = async (webhook: string) =>
  (JSON.parse(await webhooks().deadLetters(0, 100, webhook)) as DeadLetter[]).map(
    ({ event }) => event.id,
  );
const idsOf = (deliveries: readonly Delivery[]) => deliveries.map(({ event }) => event.id);

it('beyond their number the oldest go', async () => {
  const [crm, erp] = [letters('crm', 2), letters('erp', max - 1)];
  await bury(crm);
  await bury(erp);
  expect(await kept('crm')).toEqual(idsOf(crm.slice(1)));
  expect(await kept('erp')).toEqual(idsOf(erp));
});

it('those of one receiver, however often they are replayed to no end, push out none of another', async () => {
  const [crm, erp] = [letters('crm', 2), letters('erp', 3)];
  await bury(crm);
  await bury(erp);
  for (let round = 0; round < max; round += 1) {
    expect(await webhooks().replay(null, 'erp')).toBe(3);
    await bury(erp);
  }
  expect(await kept('crm')).toEqual(idsOf(crm));
  expect(await kept('erp')).toEqual(idsOf(erp));
});

it('of a receiver that wants nothing more stay until it is put again', async () => {
  const crm = letters('crm', 2);
  await bury(crm);
  await webhooks().disable('crm');
  const [first] = JSON.parse(await webhooks().deadLetters(0, 1, 'crm')) as DeadLetter[];
  expect(await webhooks().replay(null, null)).toBe(0);
  expect(await webhooks().replay([first?.id ?? 0], null)).toBe(0);
  expect(await kept('crm')).toEqual(idsOf(crm));
  await webhooks().put('crm', 'https://crm.example.com/', ['*'], null);
  expect(await webhooks().replay(null, null)).toBe(2);
  expect(await kept('crm')).toEqual([]);
});

it('are forgotten when they are old, though no other comes', async () => {
  const old = letters('crm', 1);
  await bury(old);
  const later = (ms: number) =>
    runInDurableObject(webhooks(), (table) => {
      table.clock = { now: () => Date.now() + ms };
    });
  await later(webhookLimits.deadLetterAgeMs - webhookLimits.deadLetterSweepMs);
  expect(await runDurableObjectAlarm(webhooks())).toBe(true);
  expect(await kept('crm')).toEqual(idsOf(old));
  await later(webhookLimits.deadLetterAgeMs + 1);
  expect(await runDurableObjectAlarm(webhooks())).toBe(true);
  expect(await kept('crm')).toEqual([]);
  expect(await runDurableObjectAlarm(webhooks())).toBe(false);
  await later(0);
});

it.each(['after=x', 'limit=0', 'limit=101', 'webhook=%20', 'after=1&after=2', 'colour=red'])(
  'are not asked for by %s, and what is wrong is named',
  async (query) => {
    const response = await asAdmin('GET', `/v1/dead-letters?${query}`);
    expect(response.status).toBe(400);
    const [field] = query.split('=');
    expect(await response.json()).toMatchObject({
      errors: [{ field, detail: expect.not.stringContaining('NaN') }],
    });
  },
);
