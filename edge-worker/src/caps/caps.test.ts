import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { Decision } from '@callgate/shared/contract/decision.ts';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { capLimits } from '@callgate/shared/limits.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { nextCallId } from '../../testdata/call-ids.ts';
import { decide } from '../../testdata/phone.ts';
import { asAdmin, asNode, putRouting } from '../../testdata/requests.ts';
import { trunkCallsOf } from './trunk-calls.ts';

let trunks = 0;
let trunkId = '';
let revision = 0;
beforeEach(() => {
  trunks += 1;
  trunkId = `ST_cap${trunks}`;
});

async function route(callgate: object, rule: object = { room_name: 'lobby' }): Promise<void> {
  const trunk = {
    sip_trunk_id: trunkId,
    numbers: ['+15550100'],
    metadata: JSON.stringify({ callgate }),
  };
  const rules = [{ sip_dispatch_rule_id: 'SDR_lobby', rule: { dispatch_rule_direct: rule } }];
  ({ revision } = await putRouting({ trunks: [trunk], rules }));
}

const offer = (id = nextCallId()): Promise<Decision> =>
  decide({ call_id: id, min_revision: revision });
const kinds = (decisions: readonly Decision[], kind: string) =>
  decisions.filter((decision) => decision.kind === kind).length;

async function counted(): Promise<number> {
  const response = await asAdmin('GET', `/v1/trunks/${trunkId}/calls`);
  return ((await response.json()) as { counted: number }).counted;
}

/** Moves the object's clock on, and stops it there. */
async function later(ms: number): Promise<void> {
  await runInDurableObject(trunkCallsOf(env, trunkId), (object) => {
    const now = object.clock.now();
    object.clock = { now: () => now + ms };
  });
}

async function end(call_id: string): Promise<void> {
  const record = { ...callRecordExample, call_id, trunk_id: trunkId, leased: true };
  expect((await asNode('POST', '/v1/records', record)).status).toBe(201);
}

describe('max_calls', () => {
  it('lets exactly as many of 40 offers in that come at once', async () => {
    await route({ max_calls: 7 });
    const decisions = await Promise.all(Array.from({ length: 40 }, () => offer()));
    expect(kinds(decisions, 'join')).toBe(7);
    expect(decisions.filter(({ kind }) => kind !== 'join')).toEqual(
      Array.from({ length: 33 }, () => ({
        kind: 'refuse',
        revision,
        trunk_id: trunkId,
        reason: 'trunk-full',
        explanation: `Trunk ${trunkId} has its max_calls (7) up.`,
      })),
    );
    expect(await counted()).toBe(7);
  });

  it('counts an offer that comes again once', async () => {
    await route({ max_calls: 1 });
    const id = nextCallId();
    expect((await offer(id)).kind).toBe('join');
    expect((await offer(id)).kind).toBe('join');
    expect((await offer()).kind).toBe('refuse');
  });

  it('has room again when the record of a call has come', async () => {
    await route({ max_calls: 1 });
    const id = nextCallId();
    await offer(id);
    await end(id);
    await expect.poll(counted).toBe(0);
    expect((await offer()).kind).toBe('join');
  });

  it('0 closes the trunk', async () => {
    await route({ max_calls: 0 });
    expect((await offer()).kind).toBe('refuse');
  });

  it('has room again when the node of a call is lost, and not while it speaks for the call', async () => {
    await route({ max_calls: 1 });
    const id = nextCallId();
    await offer(id);
    for (let time = 0; time < 3; time += 1) {
      await later(capLimits.leaseMs - 1);
      const held = [{ call_id: id, trunk_id: trunkId }];
      expect((await asNode('POST', '/v1/leases', { contract: 1, held, ended: [] })).status).toBe(
        200,
      );
    }
    expect((await offer()).kind).toBe('refuse');
    await later(capLimits.leaseMs);
    expect((await offer()).kind).toBe('join');
  });

  it('a report that was under way does not bring an ended call back', async () => {
    await route({ max_calls: 1 });
    const id = nextCallId();
    await offer(id);
    const call = [{ call_id: id, trunk_id: trunkId }];
    await asNode('POST', '/v1/leases', { contract: 1, held: [], ended: call });
    await asNode('POST', '/v1/leases', { contract: 1, held: call, ended: [] });
    expect(await counted()).toBe(0);
  });

  it('counts a call whose lease ran out while the edge was away, when its node is heard again', async () => {
    await route({ max_calls: 1 });
    const id = nextCallId();
    await offer(id);
    await later(capLimits.leaseMs + 1);
    expect(await counted()).toBe(0);
    const held = [{ call_id: id, trunk_id: trunkId }];
    await asNode('POST', '/v1/leases', { contract: 1, held, ended: [] });
    expect(await counted()).toBe(1);
  });

  it('is not at the mercy of another node', async () => {
    await route({ max_calls: 1 });
    const id = nextCallId();
    await offer(id);
    await trunkCallsOf(env, trunkId).end('another', [id]);
    expect(await counted()).toBe(1);
    await later(capLimits.leaseMs / 2);
    await trunkCallsOf(env, trunkId).renew('test-1', [id]);
    await later(capLimits.leaseMs - 1);
    expect(await counted()).toBe(1);
  });

  it('counts a caller from the question for the PIN on', async () => {
    await route({ max_calls: 1 }, { room_name: 'lobby', pin: '1234' });
    expect(await offer()).toMatchObject({ kind: 'ask-pin', lease_ms: capLimits.leaseMs });
    expect(await offer()).toMatchObject({ kind: 'refuse', reason: 'trunk-full' });
  });

  it('leaves nothing behind when all has run out', async () => {
    await route({ max_calls: 1 });
    await offer();
    await later(capLimits.leaseMs + 1);
    const stub = trunkCallsOf(env, trunkId);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await runDurableObjectAlarm(stub)).toBe(false);
    expect(await stub.count()).toBe(0);
  });
});

describe('calls_per_second', () => {
  it('lets the burst in at once, and then so many a second', async () => {
    await route({ calls_per_second: 2, calls_burst: 5 });
    await later(0);
    const atOnce = await Promise.all(Array.from({ length: 20 }, () => offer()));
    expect(kinds(atOnce, 'join')).toBe(5);
    expect(atOnce.find(({ kind }) => kind === 'refuse')).toMatchObject({
      reason: 'trunk-too-fast',
      explanation: expect.stringContaining('calls_per_second'),
    });
    await later(1_000);
    const aSecondLater = await Promise.all(Array.from({ length: 10 }, () => offer()));
    expect(kinds(aSecondLater, 'join')).toBe(2);
  });

  it('asks nothing of the node beside', async () => {
    await route({ calls_per_second: 2 });
    expect(await offer()).not.toHaveProperty('lease_ms');
  });
});

describe('a trunk without caps', () => {
  it('does not touch the object that counts', async () => {
    await route({});
    expect((await offer()).kind).toBe('join');
    const ids = (await listDurableObjectIds(env.TRUNK_CALLS)).map(String);
    expect(ids).not.toContain(String(env.TRUNK_CALLS.idFromName(trunkId)));
  });
});
