import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { webhookLimits } from '@callgate/shared/limits.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import type { Env } from '../env.ts';
import { type Delivery, makeEvent } from './event.ts';
import { Outbox } from './outbox.ts';
import { webhooksOf } from './webhooks.ts';

let isAway = false;
let sent: Delivery[] = [];
/** A queue that can be away: the rest is real. */
const queue = {
  sendBatch: async (messages: Iterable<{ body: Delivery }>) => {
    if (isAway) throw new Error('the queue is away');
    sent.push(...[...messages].map(({ body }) => body));
  },
};
beforeEach(async () => {
  isAway = false;
  sent = [];
  await webhooksOf(env).put('one', 'https://hooks.callgate-users.com/', ['node.*'], ['sealed']);
  await webhooksOf(env).put('two', 'https://hooks.callgate-users.com/', ['*'], ['sealed']);
});
afterEach(async () => {
  for (const { id } of await webhooksOf(env).receivers()) await webhooksOf(env).remove(id);
});

function withOutbox<T>(name: string, use: (outbox: Outbox) => Promise<T>): Promise<T> {
  return runInDurableObject(env.CALL_RECORDS.getByName(name), (_object, state) => {
    const bindings = { ...env, EVENTS: queue } as unknown as Env;
    return use(new Outbox({ sql: state.storage.sql, env: bindings, clock: () => systemClock }));
  });
}

const event = (n: number, type: 'node.linked' | 'webhook.test' = 'node.linked') =>
  makeEvent(type, String(n), 1_795_000_000_000, {});

describe('the outbox', () => {
  it('hands each event to those that want it, once', async () => {
    await withOutbox('wanted', async (outbox) => {
      outbox.add([event(1), event(2, 'webhook.test')]);
      expect(await outbox.flush()).toBe(true);
      expect(await outbox.flush()).toBe(true);
    });
    expect(sent.map(({ webhook, event: { id } }) => `${webhook} ${id}`)).toEqual([
      'one node.linked-1',
      'two node.linked-1',
      'two webhook.test-2',
    ]);
  });

  it('keeps events while the queue is away, and their order', async () => {
    await withOutbox('away', async (outbox) => {
      isAway = true;
      outbox.add([event(1)]);
      expect(await outbox.flush()).toBe(false);
      outbox.add([event(2)]);
      isAway = false;
      expect(await outbox.flush()).toBe(true);
    });
    expect(sent.filter(({ webhook }) => webhook === 'two').map((one) => one.event.id)).toEqual([
      'node.linked-1',
      'node.linked-2',
    ]);
  });

  it('takes along what is noted while it sends', async () => {
    await withOutbox('together', async (outbox) => {
      outbox.add([event(1)]);
      const first = outbox.flush();
      outbox.add([event(2)]);
      await Promise.all([first, outbox.flush()]);
      outbox.add([event(3)]);
      await outbox.flush();
    });
    expect(sent.filter(({ webhook }) => webhook === 'two').length).toBe(3);
  });

  it('sends many in several batches', async () => {
    const count = webhookLimits.batchMax * 2 + 1;
    await withOutbox('many', async (outbox) => {
      outbox.add(Array.from({ length: count }, (_, n) => event(n)));
      expect(await outbox.flush()).toBe(true);
    });
    expect(sent.length).toBe(count * 2);
  });

  it('knows whether anybody listens', async () => {
    expect(await withOutbox('heard', (outbox) => outbox.isHeard())).toBe(true);
    for (const { id } of await webhooksOf(env).receivers()) await webhooksOf(env).remove(id);
    expect(await withOutbox('unheard', (outbox) => outbox.isHeard())).toBe(false);
  });
});
