import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { commandResultExamples } from '@callgate/shared/contract/command.ts';
import { nodeHelloExample } from '@callgate/shared/contract/hello.ts';
import { linkFromEdge, linkProtocol, nodeStatusExample } from '@callgate/shared/contract/link.ts';
import { offerExample } from '@callgate/shared/contract/offer.ts';
import { processExample, processHeader } from '@callgate/shared/contract/process.ts';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { writeTraceparent } from '@callgate/shared/contract/traceparent.ts';
import { linkLimits, liveCallLimits, webhookLimits } from '@callgate/shared/limits.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testNodeToken } from '../../testdata/bindings.ts';
import { nextCallId } from '../../testdata/call-ids.ts';
import { asAdmin, asNode, putRouting, send } from '../../testdata/requests.ts';
import { nodeLinkOf } from '../nodes/node-link-of.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';
import { liveCallsOf } from './live-calls.ts';

/** A receiver of webhooks, and what it was told. */
const hook = 'https://hooks.callgate-users.com/lost';
const told: object[] = [];

/** LiveKit's API: what was removed, and what it answers. */
const livekit = { removed: [] as string[], status: 200 };
beforeEach(async () => {
  livekit.removed = [];
  livekit.status = 200;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init);
    if (request.url === hook) {
      told.push((await request.json()) as object);
      return new Response('ok');
    }
    const { room, identity } = (await request.json()) as { room: string; identity: string };
    const { status } = livekit;
    if (status !== 200)
      return Response.json(
        { code: status === 404 ? 'not_found' : 'internal', msg: 'no' },
        { status },
      );
    if (request.url.endsWith('/livekit.RoomService/GetParticipant'))
      return Response.json({ identity });
    if (!request.url.endsWith('/livekit.RoomService/RemoveParticipant'))
      throw new Error(`nobody answers ${request.url}`);
    livekit.removed.push(`${room} ${identity}`);
    return Response.json({});
  });
  await putRouting({
    trunks: [
      { sip_trunk_id: 'ST_live', numbers: ['+15550100'] },
      { sip_trunk_id: 'ST_pin', numbers: ['+15550101'] },
    ],
    rules: [
      {
        sip_dispatch_rule_id: 'SDR_pin',
        trunk_ids: ['ST_pin'],
        rule: { dispatch_rule_direct: { room_name: 'lobby', pin: '1234' } },
      },
      {
        sip_dispatch_rule_id: 'SDR_live',
        trunk_ids: ['ST_live'],
        rule: { dispatch_rule_direct: { room_name: 'lobby' } },
      },
    ],
  });
});
afterEach(() => vi.restoreAllMocks());

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

/** A process that says nothing of itself, younger than every call. */
const justNow = { uptimeMs: -1, process: null };

/** @param process the run of the node that asks; null: of a version that does not say */
async function letIn(id: string, process: string | null = null): Promise<void> {
  const offer = { ...offerExample, call_id: id, min_revision: 0, sequence: 1 };
  const traceparent = writeTraceparent({ traceId, spanId: '00f067aa0ba902b7', isSampled: false });
  const response = await asNode('POST', '/v1/offers', offer, {
    traceparent,
    ...(process === null ? {} : { [processHeader]: process }),
  });
  expect(await response.json()).toMatchObject({ kind: 'join' });
  await expect.poll(() => liveCallsOf(env, id).find(id)).toMatchObject({ node: 'test-1' });
}

interface StoredCall {
  readonly records: readonly { readonly record: object }[];
}

const recordsOfCall = async (id: string) => {
  const response = await asAdmin('GET', `/v1/calls/${id}`);
  return response.status === 404 ? [] : ((await response.json()) as StoredCall).records;
};

async function link() {
  const { webSocket } = await send('GET', '/v1/nodes/link', undefined, {
    upgrade: 'websocket',
    'sec-websocket-protocol': linkProtocol,
    authorization: `Bearer ${testNodeToken}`,
  });
  if (webSocket === null) throw new Error('no WebSocket');
  webSocket.accept();
  return webSocket;
}

describe('a call that was let in', () => {
  it('is known with its node, room and participant until its record comes', async () => {
    const id = nextCallId();
    await letIn(id);
    expect(await liveCallsOf(env, id).find(id)).toEqual({
      node: 'test-1',
      room: 'lobby',
      identity: 'sip_+15550199',
    });
    await asNode('POST', '/v1/records', { ...callRecordExample, call_id: id, sequence: 1 });
    await expect.poll(() => liveCallsOf(env, id).find(id)).toBeNull();
  });

  it('is up still when the record of an INVITE before comes late, of wrong credentials perhaps', async () => {
    const id = nextCallId();
    await letIn(id);
    const before = { ...callRecordExample, call_id: id, sequence: 0, reason: 'bad-credentials' };
    expect((await asNode('POST', '/v1/records', before)).status).toBe(201);
    // What the edge does once the node has its answer, done for certain.
    await liveCallsOf(env, id).end(id, 'test-1', 0);
    expect(await liveCallsOf(env, id).find(id)).toMatchObject({ node: 'test-1' });
    await asNode('POST', '/v1/records', { ...callRecordExample, call_id: id, sequence: 1 });
    await expect.poll(() => liveCallsOf(env, id).find(id)).toBeNull();
  });

  it('has its participant removed when its media process died, and no other', async () => {
    const [dead, over] = [nextCallId(), nextCallId()];
    for (const id of [dead, over]) await letIn(id);
    await asNode('POST', '/v1/records', {
      ...callRecordExample,
      call_id: over,
      sequence: 1,
      reason: 'caller-hung-up',
    });
    await expect.poll(() => liveCallsOf(env, over).find(over)).toBeNull();
    expect(livekit.removed).toEqual([]);
    await asNode('POST', '/v1/records', {
      ...callRecordExample,
      call_id: dead,
      sequence: 1,
      reason: 'media-lost',
    });
    await expect.poll(() => livekit.removed).toEqual(['lobby sip_+15550199']);
    await expect.poll(() => liveCallsOf(env, dead).find(dead)).toBeNull();
  });

  it('is hung up by its node, with headers', async () => {
    const id = nextCallId();
    await letIn(id);
    const webSocket = await link();
    const commands: object[] = [];
    webSocket.addEventListener('message', ({ data }) => {
      const message = linkFromEdge.parse(JSON.parse(String(data)));
      if (message.type !== 'command') return;
      commands.push(message.command);
      const result = commandResultExamples.done;
      webSocket.send(JSON.stringify({ type: 'result', id: message.id, result }));
    });
    const headers = { 'X-Why': 'done' };
    const response = await asAdmin('POST', `/v1/calls/${id}/hangup`, { headers });
    expect(await response.json()).toEqual({ done: true });
    expect(commands).toEqual([{ do: 'hang-up', call_id: id, headers }]);
    webSocket.close(1000);
  });

  it('is not hung up when nobody knows it, when its node is away, nor with headers that are none', async () => {
    const id = nextCallId();
    expect((await asAdmin('POST', `/v1/calls/${id}/hangup`)).status).toBe(404);
    await letIn(id);
    expect(await (await asAdmin('POST', `/v1/calls/${id}/hangup`)).json()).toMatchObject({
      code: 'node-away',
    });
    expect((await asAdmin('POST', `/v1/calls/${id}/hangup`, { headers: { X: 1 } })).status).toBe(
      400,
    );
    expect((await asNode('POST', `/v1/calls/${id}/hangup`)).status).toBe(401);
  });

  it('is known from the question for its PIN on, and has its record when its node is lost before the answer', async () => {
    const id = nextCallId();
    const to = { user: '+15550101', host: 'sip.example.com' };
    const offer = { ...offerExample, call_id: id, min_revision: 0, to };
    const response = await asNode('POST', '/v1/offers', offer);
    expect(await response.json()).toMatchObject({ kind: 'ask-pin' });
    await expect.poll(() => liveCallsOf(env, id).find(id)).toMatchObject({ node: 'test-1' });
    expect((await asAdmin('POST', `/v1/calls/${id}/hangup`)).status).toBe(409);
    await nodeLinkOf(env, 'test-1').restarted('test-1', justNow);
    await runDurableObjectAlarm(nodeLinkOf(env, 'test-1'));
    await expect
      .poll(() => recordsOfCall(id))
      .toMatchObject([{ record: { reason: 'node-lost', room_name: null, trunk_id: 'ST_pin' } }]);
    // It was let in: nobody refused it, though its node has told nothing of it.
    const list = await asAdmin('GET', '/v1/calls?state=unanswered&reason=node-lost');
    const { calls } = (await list.json()) as { calls: { call_id: string }[] };
    expect(calls.map((call) => call.call_id)).toContain(id);
    // It is in no room.
    expect(livekit.removed.filter((one) => !one.startsWith('lobby '))).toEqual([]);
  });

  it('is forgotten when it can no longer be up', async () => {
    const id = nextCallId();
    await letIn(id);
    const stub = liveCallsOf(env, id);
    await runInDurableObject(stub, (table) => {
      table.clock = { now: () => Date.now() + liveCallLimits.keepMs + 1 };
    });
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await stub.find(id)).toBeNull();
    await runInDurableObject(stub, (table) => {
      table.clock = { now: () => Date.now() };
    });
  });
});

describe('a node that is lost', () => {
  const status = (up: number) =>
    JSON.stringify({ type: 'status', status: { ...nodeStatusExample, calls: up } });
  const object = () => nodeLinkOf(env, 'test-1');
  const setClock = (now: () => number) =>
    runInDurableObject(object(), (node) => {
      node.clock = { now };
    });

  /** Lets so much time pass for the object, look by look. */
  async function passMs(ms: number): Promise<void> {
    for (let passed = linkLimits.watchMs; passed <= ms; passed += linkLimits.watchMs) {
      await runInDurableObject(object(), (node) => {
        const before = node.clock.now();
        node.clock = { now: () => before + linkLimits.watchMs };
      });
      await runDurableObjectAlarm(object());
    }
  }

  it('has its participants removed and its calls recorded as node-lost, within 10 s of its last word', async () => {
    const id = nextCallId();
    await letIn(id);
    const webSocket = await link();
    webSocket.send(status(1));
    await expect
      .poll(() => runInDurableObject(object(), (_node, state) => state.storage.get('watch')))
      .toBeDefined();
    await passMs(linkLimits.lostMs - linkLimits.watchMs);
    expect(livekit.removed).toEqual([]);
    await passMs(linkLimits.watchMs * 2);
    expect(livekit.removed).toContain('lobby sip_+15550199');
    expect(await recordsOfCall(id)).toMatchObject([
      {
        node: 'test-1',
        record: {
          ...{ call_id: id, sequence: 1, trace_id: traceId },
          ...{ reason: 'node-lost', room_name: 'lobby' },
        },
      },
    ]);
    expect(await liveCallsOf(env, id).find(id)).toBeNull();
    // What the node itself delivers later is the same record.
    const late = { ...callRecordExample, call_id: id, sequence: 1 };
    expect(await (await asNode('POST', '/v1/records', late)).json()).toEqual({ counted: false });
    await setClock(() => Date.now());
  });

  it('says so itself when it has been started again: calls of the process before are closed, its own are not', async () => {
    const [old, young] = [nextCallId(), nextCallId()];
    await letIn(old);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await letIn(young);
    const now = Date.now();
    const live = await liveCallsOf(env, old).lostWith('test-1', {
      beforeMs: now + 1,
      exceptProcess: null,
    });
    const sinceMs = live.find(({ callId }) => callId === old)?.sinceMs ?? 0;
    // Its clock stands: what the question takes would make the process look younger than it is.
    await setClock(() => now);
    await object().restarted('test-1', { uptimeMs: now - sinceMs - 1, process: null });
    await runDurableObjectAlarm(object());
    await expect
      .poll(() => recordsOfCall(old))
      .toMatchObject([{ record: { reason: 'node-lost' } }]);
    expect(await liveCallsOf(env, young).find(young)).not.toBeNull();
    await setClock(() => Date.now());
  });

  it('keeps the calls of the process that says hello, however late it is heard', async () => {
    const [old, older, own] = [nextCallId(), nextCallId(), nextCallId()];
    await letIn(older);
    await letIn(old, '0123456789abcdef');
    await letIn(own, processExample);
    // As heard when the call of its own was up already: by its age alone the process is younger than its call.
    const hello = { ...nodeHelloExample, name: 'test-1', uptime_ms: 0 };
    await new Promise((resolve) => setTimeout(resolve, 2));
    const headers = { [processHeader]: processExample };
    expect((await asNode('POST', '/v1/nodes/hello', hello, headers)).status).toBe(200);
    await runDurableObjectAlarm(object());
    for (const id of [old, older])
      await expect
        .poll(() => recordsOfCall(id))
        .toMatchObject([{ record: { reason: 'node-lost' } }]);
    expect(await recordsOfCall(own)).toEqual([]);
    expect(await liveCallsOf(env, own).find(own)).toMatchObject({ node: 'test-1' });
  });

  it('closes nothing that was over: a record may come before the note that the call was let in', async () => {
    const closing = () =>
      runInDurableObject(object(), (_node, state) => state.storage.get('closing'));
    // An alarm that is due may run by itself, and is not waited for then.
    const closeAll = async () => {
      await object().restarted('test-1', justNow);
      await runDurableObjectAlarm(object());
      await expect.poll(closing).toBeUndefined();
    };
    await closeAll();
    const id = nextCallId();
    const record = { ...callRecordExample, call_id: id, sequence: 1 };
    expect((await asNode('POST', '/v1/records', record)).status).toBe(201);
    await letIn(id);
    livekit.removed = [];
    await closeAll();
    expect(livekit.removed).toEqual([]);
    expect(await recordsOfCall(id)).toMatchObject([{ record: { reason: 'caller-hung-up' } }]);
    expect(await liveCallsOf(env, id).find(id)).toBeNull();
  });

  it('is tried again while LiveKit is away, and a participant who is gone is as good', async () => {
    const id = nextCallId();
    await letIn(id);
    livekit.status = 500;
    await object().restarted('test-1', justNow);
    await runDurableObjectAlarm(object());
    expect(await recordsOfCall(id)).toEqual([]);
    livekit.status = 404;
    await runDurableObjectAlarm(object());
    await expect.poll(() => recordsOfCall(id)).toMatchObject([{ record: { reason: 'node-lost' } }]);
  });

  it('is told to webhooks once, however often its calls have to be tried', async () => {
    const settle = async () => {
      await object().restarted('test-1', justNow);
      await runDurableObjectAlarm(object());
    };
    await settle();
    const secrets = [`whsec_${Buffer.alloc(32, 5).toString('base64')}`];
    await asAdmin('PUT', '/v1/webhooks/lost', { url: hook, types: ['node.lost'], secrets });
    // As the receivers of a routing table that has not looked for a while.
    await runInDurableObject(routingTableOf(env), (table) => {
      table.clock = { now: () => Date.now() + webhookLimits.receiversFreshMs };
    });
    for (const id of [nextCallId(), nextCallId()]) await letIn(id);
    livekit.status = 500;
    await settle();
    await runDurableObjectAlarm(object());
    // The node comes back before LiveKit does.
    livekit.status = 200;
    await settle();
    await settle();
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(0), 10_000);
    expect(told).toMatchObject([{ type: 'node.lost', data: { node: 'test-1', calls: 2 } }]);
    await asAdmin('DELETE', '/v1/webhooks/lost');
    await runInDurableObject(routingTableOf(env), (table) => {
      table.clock = { now: () => Date.now() };
    });
  });

  it('is not looked after when it has no calls, and not lost when it says goodbye', async () => {
    const watch = () => runInDurableObject(object(), (_node, state) => state.storage.get('watch'));
    const webSocket = await link();
    webSocket.send(status(1));
    await expect.poll(watch).toBeDefined();
    webSocket.send(status(0));
    await expect.poll(watch).toBeUndefined();
    webSocket.send(status(1));
    await expect.poll(watch).toBeDefined();
    webSocket.close(1_000);
    await expect.poll(watch).toBeUndefined();
  });
});
