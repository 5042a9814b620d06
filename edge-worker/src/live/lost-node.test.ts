/** Calls of a lost node are closed though something is away, or something else happens, while they are. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { processExample } from '@callgate/shared/contract/process.ts';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nextCallId } from '../../testdata/call-ids.ts';
import { livingLink } from '../../testdata/link.ts';
import { decide } from '../../testdata/phone.ts';
import { putRouting } from '../../testdata/requests.ts';
import { trunkCallsOf } from '../caps/trunk-calls.ts';
import { nodeLinkOf } from '../nodes/node-link-of.ts';
import { recordsOf } from '../records/call-records.ts';
import { endLiveCall } from './end-live-call.ts';
import { liveCallsOf } from './live-calls.ts';

const node = 'test-1';
const object = () => nodeLinkOf(env, node);

/** The alarm comes by itself, too: whoever of the two is first. */
const closedSoon = (...ids: readonly string[]) =>
  vi.waitFor(async () => {
    await runDurableObjectAlarm(object());
    for (const id of ids) expect(await recordsOf(env, id).isOver(id, 0)).toBe(true);
  }, 10_000);

/** Nothing waits to be closed any more. */
const closedAll = () =>
  vi.waitFor(async () => {
    await runDurableObjectAlarm(object());
    await runInDurableObject(object(), async (_link, { storage }) => {
      expect(await storage.get('closing')).toBeUndefined();
    });
  }, 10_000);

/** LiveKit's API: whom it removed, each after `gate`, and whose call the participant is of: '' that of the one who asks. */
const livekit = { removed: [] as string[], gate: Promise.resolve(), callInRoom: '' };
beforeEach(() => {
  livekit.removed = [];
  livekit.gate = Promise.resolve();
  livekit.callInRoom = '';
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init);
    const { identity } = (await request.json()) as { identity: string };
    const attributes = livekit.callInRoom === '' ? {} : { 'sip.callID': livekit.callInRoom };
    if (request.url.endsWith('/GetParticipant')) return Response.json({ identity, attributes });
    await livekit.gate;
    livekit.removed.push(identity);
    return Response.json({});
  });
});
afterEach(() => vi.restoreAllMocks());

/** A call in a room, let in so long ago. @param process null: of a version that does not say */
async function isUp(process: string | null, agoMs: number, id = nextCallId()): Promise<string> {
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
  // A namespace that fails, as an overloaded object makes it; what an object throws itself workerd would print.
  const reading = vi.spyOn(env.LIVE_CALLS, 'getByName').mockImplementation(() => {
    throw new Error('Durable Object is overloaded');
  });
  await object().restarted(node, { uptimeMs: 0, process: processExample });
  await runDurableObjectAlarm(object());
  expect(reading).toHaveBeenCalled();
  expect(livekit.removed).toEqual([]);
  reading.mockRestore();
  await closedSoon(id);
  expect(new Set(livekit.removed)).toEqual(new Set([`sip_${id}`]));
});

it('a copy of its machine says hello while it lives: its calls go on, until it is gone', async () => {
  const id = await isUp('0123456789abcdef', 1_000);
  const { webSocket } = await livingLink('0123456789abcdef');
  const hello = { uptimeMs: 0, process: processExample };
  // One of an older version does not name its process.
  for (const process of [processExample, null]) {
    await object().restarted(node, { ...hello, process });
    await closedAll();
  }
  expect(livekit.removed).toEqual([]);
  expect(await liveCallsOf(env, id).find(id)).not.toBeNull();

  webSocket.close(4_999);
  await vi.waitFor(async () => expect(await object().report()).toBeNull(), 10_000);
  await object().restarted(node, hello);
  await closedSoon(id);
  expect(livekit.removed).toEqual([`sip_${id}`]);
});

it('its calls count no more against the cap of their trunk', async () => {
  const metadata = JSON.stringify({ callgate: { max_calls: 1 } });
  const { revision } = await putRouting({
    trunks: [{ sip_trunk_id: 'ST_one', numbers: ['+15550100'], metadata }],
    rules: [{ rule: { dispatch_rule_direct: { room_name: 'lobby' } } }],
  });
  const id = nextCallId();
  expect((await decide({ call_id: id, min_revision: revision })).kind).toBe('join');
  // Noted behind the answer.
  await vi.waitFor(async () => expect(await liveCallsOf(env, id).find(id)).not.toBeNull(), 10_000);
  expect(await trunkCallsOf(env, 'ST_one').count()).toBe(1);
  const notedBy = Date.now();
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(notedBy), 10_000);
  await object().restarted(node, { uptimeMs: 0, process: processExample });
  await closedSoon(id);
  await vi.waitFor(async () => expect(await trunkCallsOf(env, 'ST_one').count()).toBe(0), 10_000);
});

it('it is put out by an operator: so are its callers', async () => {
  const id = await isUp('0123456789abcdef', 1_000);
  await object().revoke(node);
  await closedSoon(id);
  expect(new Set(livekit.removed)).toEqual(new Set([`sip_${id}`]));
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
  await closedSoon(first, second);
  expect(new Set(livekit.removed)).toEqual(new Set([`sip_${first}`, `sip_${second}`]));
});

it.each(['node-lost', 'media-lost'] as const)(
  'the caller has called again and is in the room under the same identity, and stays: %s',
  async (reason) => {
    const id = await isUp('0123456789abcdef', 1_000);
    livekit.callInRoom = nextCallId();
    if (reason === 'media-lost') await endLiveCall(env, node, { call_id: id, sequence: 0, reason });
    else {
      await object().restarted(node, { uptimeMs: 0, process: processExample });
      await closedSoon(id);
    }
    await vi.waitFor(async () => expect(await liveCallsOf(env, id).find(id)).toBeNull(), 10_000);
    expect(livekit.removed).toEqual([]);
  },
);

it('a call that was let in twice is of the process that asked last, and nothing of it stays', async () => {
  const id = nextCallId();
  const isLost = async () => {
    const which = { beforeMs: Date.now(), exceptProcess: processExample };
    const lost = await liveCallsOf(env, id).lostWith(node, which);
    return lost.some(({ callId }) => callId === id);
  };
  for (const [process, expected] of [
    ['0123456789abcdef', true],
    [processExample, false],
    [null, true],
    [processExample, false],
  ] as const) {
    await isUp(process, 1_000, id);
    expect(await isLost()).toBe(expected);
  }
  await liveCallsOf(env, id).end(id, node, 0);
  const kept = await runInDurableObject(liveCallsOf(env, id), (_calls, { storage }) =>
    storage.sql.exec('SELECT * FROM live_process WHERE call_id = ?', id).toArray(),
  );
  expect(kept).toEqual([]);
});
