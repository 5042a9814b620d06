import { afterEach, expect, it, vi } from 'vitest';
import { deliver } from './deliver.ts';
import { makeEvent } from './event.ts';
import { sealAll } from './receiver.ts';

afterEach(() => vi.restoreAllMocks());

it('a receiver whose secrets were sealed with another key gets nothing unsigned, and the operator hears why', async () => {
  const asked = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('ok'));
  const key = (byte: number) => new Uint8Array(32).fill(byte);
  const secrets = [`whsec_${Buffer.alloc(32, 3).toString('base64')}`];
  const receiver = {
    ...{ id: 'crm', url: 'https://hooks.callgate-users.com/in', types: ['*'] },
    ...{ createdAtMs: 0, disabledAtMs: null, sealedSecrets: sealAll(key(1), 'crm', secrets) },
  };
  const event = makeEvent('webhook.test', 'sealed', 0, {});
  const under = (sealingKey: Uint8Array) =>
    deliver(event, receiver, { sealingKey, allowLoopback: false, nowMs: 0 });
  expect(await under(key(2))).toEqual({
    kind: 'failed',
    why: 'its secrets do not open with this SEALING_KEY: put it again, with its secrets',
    afterS: null,
  });
  expect(asked).not.toHaveBeenCalled();
  expect(await under(key(1))).toEqual({ kind: 'taken' });
});
