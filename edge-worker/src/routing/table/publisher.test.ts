import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { publishLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { asAdmin, putRouting } from '../../../testdata/requests.ts';
import { type Manifest, manifestKey, shardKey } from '../shards/manifest.ts';
import type { ShardSink } from './publisher.ts';
import { routingTableOf } from './routing-table.ts';

const stub = () => routingTableOf(env);

/** The published revision, once every shard that its manifest names has been found. */
async function publishedRevision(): Promise<number> {
  const text = await env.ROUTING.get(manifestKey);
  if (text === null) return 0;
  const { revision, common, numbers, callers, pins } = JSON.parse(text) as Manifest;
  for (const hash of new Set([common, ...numbers, ...callers, ...pins]))
    if (hash !== '') expect(await env.ROUTING.get(shardKey(hash)), hash).not.toBeNull();
  return revision;
}

/** KV that counts what is asked of it, and fails from the operation `failFrom` on. */
function watchedKv(failFrom = Number.POSITIVE_INFINITY) {
  const operations: string[] = [];
  const watch = async (operation: string, key: string, act: () => Promise<void>) => {
    operations.push(`${operation} ${key.split('/')[0]}`);
    if (operations.length > failFrom) throw new Error('KV is away');
    await act();
  };
  const kv = {
    put: (key: string, value: string) => watch('put', key, () => env.ROUTING.put(key, value)),
    delete: (key: string) => watch('delete', key, () => env.ROUTING.delete(key)),
  } as ShardSink;
  return { kv, operations };
}

/** Gives the object another KV, and a clock ahead of the last publication, so that nothing waits for the next second. */
let aheadMs = 0;
async function use(kv: ShardSink, moreMs = 5_000): Promise<void> {
  aheadMs += moreMs;
  const now = aheadMs;
  await runInDurableObject(stub(), (table) => {
    table.kv = kv;
    table.clock = { now: () => Date.now() + now };
  });
}

const numbers = (count: number, first = 0) =>
  Array.from({ length: count }, (_, n) => `+1555${String(first + n).padStart(7, '0')}`);
const oneTrunkEach = (count: number) =>
  numbers(count).map((number, n) => ({ sip_trunk_id: `ST_${n}`, numbers: [number] }));
const rule = { sip_dispatch_rule_id: 'SDR', rule: { dispatch_rule_direct: { room_name: 'r' } } };

type Act = () => Promise<void>;

/** The ways in which one operation can go wrong: what becomes of it, and when it can be seen that it has. */
const breaks: Record<string, (act: Act, broke: () => void) => Promise<void>> = {
  'KV refuses': async (_act, broke) => {
    broke();
    throw new Error('KV is away');
  },
  'the answer of KV is lost': async (act, broke) => {
    await act();
    broke();
    throw new Error('the connection to KV broke');
  },
  'the object dies before it asks KV': async (_act, broke) => {
    broke();
    await new Promise<void>(() => undefined);
  },
  'the object dies before KV answers': async (act, broke) => {
    await act();
    broke();
    await new Promise<void>(() => undefined);
  },
};

/** KV in which operation `step` breaks, and all that follow it. */
function breakingKv(step: number, how: (act: Act, broke: () => void) => Promise<void>) {
  const state = { operations: 0, isBroken: false };
  const operate = (act: Act) => {
    state.operations += 1;
    if (state.operations <= step) return act();
    return how(act, () => {
      state.isBroken = true;
    });
  };
  const kv = {
    put: (key: string, value: string) => operate(() => env.ROUTING.put(key, value)),
    delete: (key: string) => operate(() => env.ROUTING.delete(key)),
  } as ShardSink;
  return { kv, state };
}

/** Shards and manifest that a change of so many trunks writes. */
async function operationsOf(change: object): Promise<number> {
  const { kv, operations } = watchedKv();
  await use(kv);
  await asAdmin('PUT', '/v1/routing', change);
  while ((await publishedRevision()) !== (await stub().status()).revision)
    await runDurableObjectAlarm(stub());
  return operations.length;
}

describe('publishing', () => {
  it.each(Object.entries(breaks))(
    'is finished or invisible at every step: %s',
    async (what, how) => {
      // Shards that were ever written are not written again: no two changes of this file are alike.
      const change = (n: number) => ({
        trunks: oneTrunkEach(300).map((trunk) => ({ ...trunk, name: `${what} ${n}` })),
        rules: [{ ...rule, name: `${what} ${n}` }],
      });
      await use(env.ROUTING);
      const steps = await operationsOf(change(0));
      expect(steps).toBeGreaterThan(3);
      for (let step = 0; step < steps; step += 1) {
        const before = await publishedRevision();
        const { kv, state } = breakingKv(step, how);
        await use(kv);
        // Where the object dies there is no answer.
        const answer = putRouting(change(step + 1)).catch(() => null);
        await expect.poll(() => state.isBroken, { timeout: 10_000, interval: 5 }).toBe(true);
        const isVisible = await publishedRevision();
        await abortAllDurableObjects();
        await answer;
        const { revision } = await stub().status();
        expect(revision).toBe(before + 1);
        expect([before, revision]).toContain(isVisible);
        // What is left to do was not lost with the memory of the object.
        await use(env.ROUTING);
        await runDurableObjectAlarm(stub());
        expect(await publishedRevision()).toBe(revision);
      }
    },
  );

  it('that fails again and again is tried by each alarm until it succeeds', async () => {
    await use(watchedKv(0).kv);
    const { revision } = await putRouting({ trunks: oneTrunkEach(2) });
    for (let alarm = 0; alarm < 3; alarm += 1)
      expect(await runDurableObjectAlarm(stub())).toBe(true);
    expect(await publishedRevision()).not.toBe(revision);
    await use(env.ROUTING);
    await runDurableObjectAlarm(stub());
    expect(await publishedRevision()).toBe(revision);
  });

  it('merges changes that come within a second', async () => {
    const { kv, operations } = watchedKv();
    await use(kv);
    // However long the changes take.
    await runInDurableObject(stub(), (table) => {
      const now = table.clock.now();
      table.clock = { now: () => now };
    });
    let revision = 0;
    for (let change = 0; change < 5; change += 1)
      ({ revision } = await putRouting({ trunks: oneTrunkEach(4 + change) }));
    await use(kv);
    await runDurableObjectAlarm(stub());
    expect(await publishedRevision()).toBe(revision);
    expect(operations.filter((operation) => operation === 'put manifest').length).toBe(2);
  });

  it('writes one shard of many when one number changes', async () => {
    await use(env.ROUTING);
    await putRouting({ trunks: oneTrunkEach(3_000), rules: [rule] });
    while ((await publishedRevision()) !== (await stub().status()).revision)
      await runDurableObjectAlarm(stub());
    const shards = JSON.parse((await env.ROUTING.get(manifestKey)) ?? '') as Manifest;
    expect(shards.numbers.length).toBeGreaterThanOrEqual(8);
    const { kv, operations } = watchedKv();
    await use(kv);
    await asAdmin('PATCH', '/v1/routing', { trunks: { ST_7: { name: 'changed' } } });
    await runDurableObjectAlarm(stub());
    expect(operations.toSorted()).toEqual(['put manifest', 'put shard']);
  });

  it('writes one shard of many when a trunk of many numbers gets one more', async () => {
    await use(env.ROUTING);
    // An update leaves media set, as in LiveKit: with it unset the first update would change the whole trunk.
    const trunk = { sip_trunk_id: 'ST', numbers: numbers(3_000), media: {} };
    await putRouting({ trunks: [trunk], rules: [rule] });
    while ((await publishedRevision()) !== (await stub().status()).revision)
      await runDurableObjectAlarm(stub());
    const { kv, operations } = watchedKv();
    await use(kv);
    const body = { sip_trunk_id: 'ST', update: { numbers: { add: ['+1999'] } } };
    await asAdmin('POST', '/twirp/livekit.SIP/UpdateSIPInboundTrunk', body);
    await runDurableObjectAlarm(stub());
    expect(operations.toSorted()).toEqual(['put manifest', 'put shard']);
  });

  it('deletes shards that no manifest names, but not before their time', async () => {
    await use(env.ROUTING);
    const { revision } = await putRouting({ trunks: oneTrunkEach(5) });
    while ((await publishedRevision()) !== revision) await runDurableObjectAlarm(stub());
    const names = async () => (await env.ROUTING.list({ prefix: 'shard/' })).keys.length;
    const young = await names();
    await use(env.ROUTING, publishLimits.unusedShardAgeMs / 2);
    await runDurableObjectAlarm(stub());
    expect(await names()).toBe(young);
    await use(env.ROUTING, publishLimits.unusedShardAgeMs);
    for (let alarm = 0; alarm < 10 && (await names()) > 1; alarm += 1) {
      await runDurableObjectAlarm(stub());
      await use(env.ROUTING);
      await runInDurableObject(stub(), (table) => table.alarm());
    }
    expect(await names()).toBe(1);
    expect(await publishedRevision()).toBe(revision);
  });

  it('deletes what a crash in the middle of deleting has left', async () => {
    await use(env.ROUTING);
    await putRouting({ trunks: oneTrunkEach(6) });
    const { revision } = await putRouting({ trunks: oneTrunkEach(7) });
    while ((await publishedRevision()) !== revision) await runDurableObjectAlarm(stub());
    let asked = 0;
    const dying = {
      put: env.ROUTING.put.bind(env.ROUTING),
      delete: () => {
        asked += 1;
        return new Promise<void>(() => undefined);
      },
    } as ShardSink;
    await use(dying, publishLimits.unusedShardAgeMs * 2);
    const sweeping = runInDurableObject(stub(), (table) => table.alarm()).catch(() => null);
    await expect.poll(() => asked, { timeout: 10_000 }).toBe(1);
    await abortAllDurableObjects();
    await sweeping;
    const names = async () => (await env.ROUTING.list({ prefix: 'shard/' })).keys.length;
    expect(await names()).toBeGreaterThan(1);
    await use(env.ROUTING, publishLimits.unusedShardAgeMs * 2);
    for (let alarm = 0; alarm < 10 && (await names()) > 1; alarm += 1)
      await runInDurableObject(stub(), (table) => table.alarm());
    expect(await names()).toBe(1);
    expect(await publishedRevision()).toBe(revision);
  });
});
