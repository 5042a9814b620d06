import { runDurableObjectAlarm } from 'cloudflare:test';
import { env as workerEnv } from 'cloudflare:workers';
import { routingCacheLimits } from '@callgate/shared/limits.ts';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { putRouting } from '../../../testdata/requests.ts';
import type { Env } from '../../env.ts';
import { type RoutingView, trunkOfView } from '../shards/routing-view.ts';
import { routingTableOf } from '../table/routing-table.ts';
import { RoutingReader } from './routing-reader.ts';

const trunks = Array.from({ length: 1_000 }, (_, n) => ({
  sip_trunk_id: `ST_${n}`,
  numbers: [`+1555${n}`],
}));
let published = 0;
beforeAll(async () => {
  ({ revision: published } = await putRouting({ trunks }));
  const table = routingTableOf(workerEnv);
  while ((await table.status()).published_revision !== published)
    await runDurableObjectAlarm(table);
});

/** Bindings that count reads of KV and questions to the table; each may be away, and KV may be behind. */
function watched() {
  const seen = { kvReads: 0, questions: 0 };
  const away = { kv: false, kvHangs: false, table: false, kvIsOld: false };
  const kv = {
    get: (key: string | string[], options: object) => {
      seen.kvReads += 1;
      if (away.kv) return Promise.reject(new Error('KV is away'));
      if (away.kvHangs) return new Promise(() => undefined);
      if (away.kvIsOld && key === 'manifest') return Promise.resolve(null);
      return (workerEnv.ROUTING.get as (k: unknown, o: object) => Promise<unknown>)(key, options);
    },
  };
  const table = {
    getByName: (name: string) => ({
      ask: (question: never) => {
        seen.questions += 1;
        if (away.table) return Promise.reject(new Error('the table is away'));
        return workerEnv.ROUTING_TABLE.getByName(name).ask(question);
      },
    }),
  };
  const env = { ...workerEnv, ROUTING: kv, ROUTING_TABLE: table } as unknown as Env;
  return { env, seen, away };
}

let nowMs = 1_000_000;
let reader: RoutingReader;
beforeEach(() => {
  nowMs = 1_000_000;
  reader = new RoutingReader({ now: () => nowMs });
});
const key = (n: number) => ({ number: `+1555${n}`, caller: '+1999', pin: null });
const trunkIn = (view: RoutingView, n: number) => {
  const call = { callId: '', source: '192.0.2.1', fromUser: '', fromHost: '', toUser: `+1555${n}` };
  const verdict = trunkOfView(view, call);
  return verdict.kind === 'trunk' ? verdict.trunk.id : verdict.kind;
};

describe('reading the routing table', () => {
  it('costs two KV reads when cold, none when warm, one for another bucket', async () => {
    const { env, seen } = watched();
    expect(trunkIn(await reader.view(env, key(7), 0), 7)).toBe('ST_7');
    expect(seen).toEqual({ kvReads: 2, questions: 0 });
    for (let call = 0; call < 20; call += 1) await reader.view(env, key(7), 0);
    expect(seen.kvReads).toBe(2);
    for (let n = 0; n < 100; n += 1)
      expect(trunkIn(await reader.view(env, key(n), 0), n)).toBe(`ST_${n}`);
    expect(seen.kvReads).toBeLessThan(2 + 16);
    expect(seen.questions).toBe(0);
  });

  it('asks KV for the manifest again after its time, and for nothing that has not changed', async () => {
    const { env, seen } = watched();
    await reader.view(env, key(7), 0);
    nowMs += routingCacheLimits.freshMs;
    await reader.view(env, key(7), 0);
    expect(seen.kvReads).toBe(3);
  });

  it('asks the table once when the node has seen more than KV shows', async () => {
    const { env, seen } = watched();
    await reader.view(env, key(7), 0);
    const { revision } = await putRouting({ trunks: trunks.map((t) => ({ ...t, name: 'x' })) });
    const reads = seen.kvReads;
    for (let call = 0; call < 5; call += 1)
      expect((await reader.view(env, key(7), revision)).revision).toBe(revision);
    expect(seen).toEqual({ kvReads: reads, questions: 1 });
    published = revision;
  });

  it('asks the table for what was not found, not more often than strangers may make it', async () => {
    const { env, seen } = watched();
    for (let call = 0; call < routingCacheLimits.doubtsPerSecond + 10; call += 1)
      expect(await reader.newerThan(env, key(5_000), published)).toBeNull();
    expect(seen.questions).toBe(routingCacheLimits.doubtsPerSecond);
    nowMs += 1_000;
    await reader.newerThan(env, key(5_000), published);
    expect(seen.questions).toBe(routingCacheLimits.doubtsPerSecond + 1);
  });

  it('serves the last good value for ten minutes while KV and table are away, then nothing', async () => {
    const { env, away } = watched();
    await reader.view(env, key(7), 0);
    Object.assign(away, { kv: true, table: true });
    nowMs += routingCacheLimits.lastGoodMs - 1;
    expect(trunkIn(await reader.view(env, key(7), 0), 7)).toBe('ST_7');
    nowMs += 1;
    await expect(reader.view(env, key(7), 0)).rejects.toMatchObject({
      code: 'routing-unavailable',
      status: 503,
    });
  });

  it('does not wait for a KV that hangs, and not again for each call', async () => {
    const { env, seen, away } = watched();
    await reader.view(env, key(7), 0);
    Object.assign(away, { kvHangs: true, table: true });
    nowMs += routingCacheLimits.freshMs;
    for (let call = 0; call < 20; call += 1)
      expect(trunkIn(await reader.view(env, key(7), 0), 7)).toBe('ST_7');
    expect(seen.kvReads).toBe(3);
    away.kvHangs = false;
    nowMs += routingCacheLimits.freshMs;
    await reader.view(env, key(7), 0);
    // One, and another when a newer revision was published meanwhile.
    expect(seen.kvReads).toBeGreaterThan(3);
  });

  it('says what it has cost', async () => {
    const { env } = watched();
    expect((await reader.view(env, key(7), 0)).cost).toEqual({ kvReads: 2, tableQuestions: 0 });
    expect((await reader.view(env, key(7), 0)).cost).toEqual({ kvReads: 0, tableQuestions: 0 });
    const asked = await reader.view(env, key(7), published + 1);
    expect(asked.cost).toMatchObject({ kvReads: 0, tableQuestions: 1 });
  });

  it('asks the table while KV is away, and comes back to KV', async () => {
    const { env, seen, away } = watched();
    away.kv = true;
    expect(trunkIn(await reader.view(env, key(8), 0), 8)).toBe('ST_8');
    expect(seen.questions).toBe(1);
    away.kv = false;
    nowMs += 120_000;
    expect(trunkIn(await reader.view(env, key(9), 0), 9)).toBe('ST_9');
    expect(seen.questions).toBe(1);
  });

  it('takes a miss of KV for nothing more than a miss', async () => {
    const { env, away } = watched();
    await reader.view(env, key(7), 0);
    away.kvIsOld = true;
    nowMs += routingCacheLimits.freshMs;
    expect(trunkIn(await reader.view(env, key(7), 0), 7)).toBe('ST_7');
  });
});
