/** Calls of a lost node are closed though something is away, or something else happens, while they are. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { processExample } from '@callgate/shared/contract/process.ts';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nextCallId } from '../../testdata/call-ids.ts';
import { nodeLinkOf } from '../nodes/node-link-of.ts';
import { recordsOf } from '../records/call-records.ts';
import { liveCallsOf } from './live-calls.ts';

const node = 'test-1';
const object = () => nodeLinkOf(env, node);
const isClosed = (id: string) => recordsOf(env, id).isOver(id, 0);

/** LiveKit's API: whom it removed; each waits for `gate`. */
const livekit = { removed: [] as string[], gate: Promise.resolve() };
beforeEach(() => {
  livekit.removed = [];
  livekit.gate = Promise.resolve();
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const { identity } = (await new Request(input as RequestInfo, init).json()) as {
      identity: string;
    };
    await livekit.gate;
    livekit.removed.push(identity);
    return Response.json({});
  });
});
afterEach(() => vi.restoreAllMocks());

/** A call in a room, let in so long ago. */
async function isUp(process: string, agoMs: number): Promise<string> {
  const id = nextCallId();
  const recordJson = JSON.stringify({ ...callRecordExample, call_id: id, reason: 'node-lost' });
  const place = { room: 'lobby', identity: `sip_${id}` };
  await runInDurableObject(liveCallsOf(env, id), async (calls) => {
    calls.clock = { now: () => Date.now() - agoMs };
    await calls.begin({ callId: id, node, ...place, recordJson, process });
    calls.clock = { now: () => Date.now() };
  });
  return id;
}

it('the list of its calls cannot be read: it is read again', async () => {
  const id = await isUp('0123456789abcdef', 1_000);
  const calls = liveCallsOf(env, id);
  await runInDurableObject(calls, (_calls, { storage }) => {
    storage.sql.exec('ALTER TABLE live RENAME TO away');
  });
  await object().restarted(node, { uptimeMs: 0, process: processExample });
  expect(await runDurableObjectAlarm(object())).toBe(true);
  expect(livekit.removed).toEqual([]);
  await runInDurableObject(calls, (_calls, { storage }) => {
    storage.sql.exec('ALTER TABLE away RENAME TO live');
  });
  expect(await runDurableObjectAlarm(object())).toBe(true);
  expect(livekit.removed).toEqual([`sip_${id}`]);
  expect(await isClosed(id)).toBe(true);
});

it('it dies again while its calls are being closed: so are those of that run', async () => {
  const first = await isUp('0123456789abcdef', 60_000);
  const second = await isUp('123456789abcdef0', 10_000);
  const gate = Promise.withResolvers<void>();
  livekit.gate = gate.promise;
  await object().restarted(node, { uptimeMs: 30_000, process: '123456789abcdef0' });
  const closing = runDurableObjectAlarm(object());
  await vi.waitFor(() => expect(vi.mocked(fetch)).toHaveBeenCalled(), 10_000);
  await object().restarted(node, { uptimeMs: 0, process: processExample });
  gate.resolve();
  await closing;
  await vi.waitFor(async () => {
    await runDurableObjectAlarm(object());
    expect(await isClosed(second)).toBe(true);
  }, 10_000);
  expect(await isClosed(first)).toBe(true);
  expect(livekit.removed).toEqual([`sip_${first}`, `sip_${second}`]);
});
