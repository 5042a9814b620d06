import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  runInDurableObject,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { linkProtocol, nodeStatusExample } from '@callgate/shared/contract/link.ts';
import { callProgressExample } from '@callgate/shared/contract/progress.ts';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { webhookLimits } from '@callgate/shared/limits.ts';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nextCallId } from '../../testdata/call-ids.ts';
import { apiAuthorization, asAdmin, asNode, putRouting, send } from '../../testdata/requests.ts';
import { routingTableOf } from '../routing/table/routing-table.ts';
import worker from '../worker.ts';
import { type Delivery, makeEvent, type WebhookEvent } from './event.ts';
import { webhooksOf } from './webhooks.ts';

const secrets = [3, 4].map((n) => `whsec_${Buffer.alloc(32, n).toString('base64')}`);
const url = 'https://hooks.callgate-users.com/in';

interface Received {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** What the receiver has got; the answers it gives are set by the test. */
let received: Received[] = [];
let answer: (request: Received) => Response;
beforeEach(() => {
  received = [];
  answer = () => new Response('ok');
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (target, init) => {
    const request = new Request(target as string, init as RequestInit);
    const message = { url: request.url, headers: request.headers, body: await request.text() };
    received.push(message);
    const response = answer(message);
    const elsewhere = response.headers.get('location');
    if (elsewhere === null || request.redirect !== 'follow') return response;
    // As fetch does by itself: somebody who was never checked would get what is signed.
    received.push({ ...message, url: elsewhere });
    return new Response('ok');
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const { id } of await webhooksOf(env).receivers()) await webhooksOf(env).remove(id);
});

async function put(id: string, body: object): Promise<Response> {
  return asAdmin('PUT', `/v1/webhooks/${id}`, body);
}

async function receiver(changes: object = {}): Promise<void> {
  const response = await put('crm', { url, types: ['*'], secrets, ...changes });
  expect([200, 201]).toContain(response.status);
}

let events = 0;
function event(): WebhookEvent {
  events += 1;
  return makeEvent('webhook.test', `t${events}`, 1_795_000_000_000, { n: events });
}

/** One batch to the consumer, as the queue gives it. */
async function consume(deliveries: readonly Delivery[], { queue = 'callgate-events' } = {}) {
  const batch = createMessageBatch<Delivery>(
    queue,
    deliveries.map((body, n) => ({ id: String(n), timestamp: new Date(), attempts: 1, body })),
  );
  const context = createExecutionContext();
  await worker.queue(batch, env);
  return getQueueResult(batch, context);
}

async function deadLetters(
  query = '',
): Promise<{ id: number; why: string; event: WebhookEvent }[]> {
  const response = await asAdmin('GET', `/v1/dead-letters?${query}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { dead_letters: [] }).dead_letters;
}

describe('a receiver of webhooks', () => {
  it('is made, shown without its secrets, changed and removed', async () => {
    const made = await put('crm', { url, types: ['call.*'], secrets });
    expect(made.status).toBe(201);
    const shown = {
      id: 'crm',
      url,
      types: ['call.*'],
      secrets: 2,
      created_at_ms: expect.any(Number),
      disabled_at_ms: null,
    };
    expect(await made.json()).toEqual(shown);
    expect(await (await asAdmin('GET', '/v1/webhooks')).json()).toEqual({ webhooks: [shown] });
    const changed = await put('crm', { url, types: ['call.ended'] });
    expect([changed.status, await changed.json()]).toEqual([
      200,
      { ...shown, types: ['call.ended'] },
    ]);
    expect((await asAdmin('DELETE', '/v1/webhooks/crm')).status).toBe(204);
    expect((await asAdmin('DELETE', '/v1/webhooks/crm')).status).toBe(404);
  });

  it('has its secrets sealed where they lie', async () => {
    await receiver();
    const [stored] = await webhooksOf(env).receivers();
    expect(JSON.stringify(stored)).not.toContain(secrets[0]?.slice(6, 30));
  });

  it.each<[string, object, string]>([
    ['crm', { url: 'http://hooks.callgate-users.com/', types: ['*'], secrets }, 'url'],
    ['crm', { url: 'https://10.0.0.1/', types: ['*'], secrets }, 'url'],
    ['crm', { url, types: ['call.ringing', 'call.dancing'], secrets }, 'types.1'],
    ['crm', { url, types: [], secrets }, 'types'],
    ['crm', { url, types: ['*'], secrets: ['hunter2'] }, 'secrets.0'],
    ['crm', { url, types: ['*'] }, 'secrets'],
    ['CRM', { url, types: ['*'], secrets }, 'id'],
    ['crm', { url, types: ['*'], secrets, colour: 1 }, 'colour'],
  ])('%s %j is refused, naming the field', async (id, body, field) => {
    const response = await put(id, body);
    const problem = (await response.json()) as { code: string; detail: string };
    expect(problem.code).toBe('bad-field');
    expect(problem.detail).toMatch(new RegExp(`^${field}: `));
    expect(problem.detail).not.toContain('hunter2');
  });

  it('is one of a bounded number', async () => {
    for (let n = 0; n < webhookLimits.receiversMax; n += 1)
      expect((await put(`r${n}`, { url, types: ['*'], secrets })).status).toBe(201);
    expect((await put('one-more', { url, types: ['*'], secrets })).status).toBe(400);
    expect((await put('r0', { url, types: ['*'] })).status).toBe(200);
  });

  it('is for operators alone', async () => {
    const authorization = await apiAuthorization({ call: true });
    for (const [method, path] of [
      ['GET', '/v1/webhooks'],
      ['PUT', '/v1/webhooks/crm'],
      ['DELETE', '/v1/webhooks/crm'],
      ['GET', '/v1/dead-letters'],
      ['POST', '/v1/dead-letters/replay'],
    ] as const) {
      const body = method === 'GET' ? undefined : {};
      expect((await send(method, path, body, { authorization })).status).toBe(403);
    }
  });
});

describe('a delivery', () => {
  it('is signed by each secret, and names the event by its id', async () => {
    await receiver();
    const sent = event();
    expect(await consume([{ webhook: 'crm', event: sent }])).toMatchObject({
      explicitAcks: ['0'],
      retryMessages: [],
    });
    const [message] = received;
    expect(message?.url).toBe(url);
    for (const secret of secrets) {
      const headers = Object.fromEntries(message?.headers ?? []);
      expect(new Webhook(secret).verify(message?.body ?? '', headers)).toEqual({
        type: sent.type,
        timestamp: sent.timestamp,
        data: sent.data,
      });
      expect(headers['webhook-id']).toBe(sent.id);
    }
  });

  it.each<[string, () => Response]>([
    ['500', () => new Response('', { status: 500 })],
    ['a redirect', () => Response.redirect('https://elsewhere.callgate-users.com/', 302)],
    ['404', () => new Response('', { status: 404 })],
    [
      'no answer',
      () => {
        throw new TypeError('connection lost');
      },
    ],
  ])('that gets %s is tried again', async (_what, answers) => {
    await receiver();
    answer = answers;
    const result = await consume([{ webhook: 'crm', event: event() }]);
    expect(result).toMatchObject({ explicitAcks: [], retryMessages: [{ msgId: '0' }] });
    expect(received.length).toBe(1);
  });

  it('does not hold up another that goes with it', async () => {
    await receiver();
    await put('other', { url: 'https://other.callgate-users.com/', types: ['*'], secrets });
    answer = (request) => new Response('', { status: request.url === url ? 500 : 200 });
    const sent = event();
    const result = await consume([
      { webhook: 'crm', event: sent },
      { webhook: 'other', event: sent },
    ]);
    expect(result).toMatchObject({ explicitAcks: ['1'], retryMessages: [{ msgId: '0' }] });
  });

  it('to a receiver that answers 410 is the last: it is disabled until it is put again', async () => {
    await receiver();
    answer = () => new Response('', { status: 410 });
    expect(await consume([{ webhook: 'crm', event: event() }])).toMatchObject({
      explicitAcks: ['0'],
    });
    await consume([{ webhook: 'crm', event: event() }]);
    expect(received.length).toBe(1);
    expect((await deadLetters()).map(({ why }) => why)).toEqual([
      'answered 410',
      'the receiver answered 410 Gone',
    ]);
    await receiver();
    answer = () => new Response('ok');
    await consume([{ webhook: 'crm', event: event() }]);
    expect(received.length).toBe(2);
  });

  it('to a receiver that is gone is forgotten', async () => {
    expect(await consume([{ webhook: 'nobody', event: event() }])).toMatchObject({
      explicitAcks: ['0'],
    });
    expect(received).toEqual([]);
  });

  it('goes nowhere when loopback was allowed and is no more', async () => {
    await webhooksOf(env).put('crm', 'http://127.0.0.1:9/', ['*'], ['sealed']);
    expect(await consume([{ webhook: 'crm', event: event() }])).toMatchObject({
      retryMessages: [{ msgId: '0' }],
    });
    expect(received).toEqual([]);
  });
});

describe('dead letters', () => {
  const dead = { queue: 'callgate-events-dead' };

  it('are what the queue has given up, each once, in pages', async () => {
    await receiver();
    const [first, second] = [event(), event()];
    const letters = [first, second].map((one) => ({ webhook: 'crm', event: one }));
    await consume(letters, dead);
    await consume(letters, dead);
    const all = await deadLetters();
    expect(all.map((letter) => [letter.why, letter.event])).toEqual([
      ['not taken in 9 tries', first],
      ['not taken in 9 tries', second],
    ]);
    expect((await deadLetters('limit=1')).map((letter) => letter.event)).toEqual([first]);
    expect((await deadLetters(`after=${all[0]?.id}`)).map((letter) => letter.event)).toEqual([
      second,
    ]);
    expect(await deadLetters('webhook=other')).toEqual([]);
  });

  it('are sent again with the ids of their events, and are none any more', async () => {
    await receiver();
    const sent = [event(), event(), event()];
    await consume(
      sent.map((one) => ({ webhook: 'crm', event: one })),
      dead,
    );
    const [letter] = await deadLetters();
    const one = await asAdmin('POST', '/v1/dead-letters/replay', { ids: [letter?.id] });
    expect([one.status, await one.json()]).toEqual([202, { replayed: 1 }]);
    await vi.waitFor(() => expect(received.length).toBe(1), 10_000);
    const rest = await asAdmin('POST', '/v1/dead-letters/replay', { webhook: 'crm' });
    expect(await rest.json()).toEqual({ replayed: 2 });
    await vi.waitFor(() => expect(received.length).toBe(3), 10_000);
    expect(received.map(({ headers }) => headers.get('webhook-id')).toSorted()).toEqual(
      sent.map(({ id }) => id).toSorted(),
    );
    expect(await deadLetters()).toEqual([]);
  });
});

describe('events of calls', () => {
  const types = () => received.map(({ body }) => (JSON.parse(body) as WebhookEvent).type);
  const idsOf = () => received.map(({ headers }) => headers.get('webhook-id'));

  it('are told once each while the call lives, and made up for by its record', async () => {
    await receiver();
    const call_id = nextCallId();
    const ringing = { ...callProgressExample, call_id };
    for (let time = 0; time < 2; time += 1) await asNode('POST', '/v1/progress', ringing);
    await vi.waitFor(
      () => expect(types().toSorted()).toEqual(['call.ringing', 'call.started']),
      10_000,
    );
    // The report of the answer is lost; the record comes twice.
    for (let time = 0; time < 2; time += 1)
      await asNode('POST', '/v1/records', { ...callRecordExample, call_id });
    await vi.waitFor(() => expect(received.length).toBe(4), 10_000);
    expect(idsOf().toSorted()).toEqual(
      ['answered', 'ended', 'ringing', 'started'].map((type) => `call.${type}-${call_id}-0`),
    );
    const ended = received.find(({ body }) => body.includes('"call.ended"'));
    expect(JSON.parse(ended?.body ?? '')).toMatchObject({
      timestamp: new Date(callRecordExample.invited_at_ms + 60_062).toISOString(),
      data: {
        call_id,
        node: 'test-1',
        reason: 'caller-hung-up',
        ended_by: 'caller',
        sip_status: 200,
        media: { codec: 'PCMU' },
      },
    });
  });

  it('say why a call was refused', async () => {
    await receiver({ types: ['call.refused'] });
    const stages = { ...callRecordExample.stages, ringing_ms: null, answered_ms: null };
    const refused = { stages, media: null, reason: 'no-trunk', sip_status: 404 };
    const explanation = 'No trunk has +15550100 among its numbers.';
    const record = { ...callRecordExample, ...refused, explanation, call_id: nextCallId() };
    await asNode('POST', '/v1/records', record);
    await vi.waitFor(() => expect(types()).toEqual(['call.refused']), 10_000);
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
      data: { reason: 'no-trunk', explanation },
    });
  });

  it('go to those that want them', async () => {
    await receiver({ types: ['call.answered', 'node.*'] });
    await asNode('POST', '/v1/records', { ...callRecordExample, call_id: nextCallId() });
    await vi.waitFor(() => expect(types()).toEqual(['call.answered']), 10_000);
  });
});

describe('events of routing and nodes', () => {
  /** The table knows its listeners of webhookLimits.receiversFreshMs ago: its clock is set to when that is over. */
  let laterMs = 0;
  beforeEach(async () => {
    laterMs += webhookLimits.receiversFreshMs;
    await runInDurableObject(routingTableOf(env), (table) => {
      table.clock = { now: () => Date.now() + laterMs };
    });
  });

  const told = () =>
    received.map(({ body }) => {
      const { type, data } = JSON.parse(body) as WebhookEvent;
      return { type, ...data };
    });

  it('are told when a revision is published', async () => {
    await receiver({ types: ['routing.published'] });
    const numbers = [`+1${String(Math.floor(Math.random() * 1e9)).padStart(9, '0')}`];
    const { revision } = await putRouting({ trunks: [{ sip_trunk_id: 'ST_told', numbers }] });
    await vi.waitFor(
      () =>
        expect(told()).toContainEqual({
          type: 'routing.published',
          revision,
          author: 'operator',
          at_ms: expect.any(Number),
          source: expect.stringContaining('/v1/routing'),
          changes: expect.any(Number),
        }),
      10_000,
    );
    const ids = received.map(({ headers }) => headers.get('webhook-id'));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are told when a node links, drains and goes', async () => {
    await receiver({ types: ['node.*'] });
    const { webSocket } = await asNode('GET', '/v1/nodes/link', undefined, {
      upgrade: 'websocket',
      'sec-websocket-protocol': linkProtocol,
    });
    webSocket?.accept();
    const status = { ...nodeStatusExample, state: 'draining' };
    for (let time = 0; time < 2; time += 1)
      webSocket?.send(JSON.stringify({ type: 'status', status }));
    await vi.waitFor(() => expect(told().length).toBe(2), 10_000);
    webSocket?.close(1_000);
    await vi.waitFor(() => expect(told().length).toBe(3), 10_000);
    expect(
      told()
        .map(({ type }) => type)
        .toSorted(),
    ).toEqual(['node.draining', 'node.linked', 'node.unlinked']);
    expect(told()[0]).toMatchObject({ node: 'test-1' });
  });
});
