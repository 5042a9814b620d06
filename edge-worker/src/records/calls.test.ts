import { env } from 'cloudflare:workers';
import { type CallProgress, callProgressExample } from '@callgate/shared/contract/progress.ts';
import { type CallRecord, callRecordExample } from '@callgate/shared/contract/record.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { nextCallId } from '../../testdata/call-ids.ts';
import { decide } from '../../testdata/phone.ts';
import { apiAuthorization, asAdmin, asNode, putRouting, send } from '../../testdata/requests.ts';
import { recordsOf } from './call-records.ts';

const base = 1_795_000_000_000;

async function add(changes: Partial<CallRecord>): Promise<string> {
  const record = { ...callRecordExample, call_id: nextCallId(), ...changes };
  expect((await asNode('POST', '/v1/records', record)).status).toBe(201);
  return record.call_id;
}

async function progress(changes: Partial<CallProgress>): Promise<{ counted: boolean }> {
  const response = await asNode('POST', '/v1/progress', { ...callProgressExample, ...changes });
  expect(response.status).toBe(200);
  return (await response.json()) as { counted: boolean };
}

interface Page {
  readonly calls: readonly Record<string, unknown>[];
  readonly next_cursor: string | null;
}

async function list(query: string): Promise<Page> {
  const response = await asAdmin('GET', `/v1/calls?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

const ids = ({ calls }: Page) => calls.map(({ call_id }) => call_id);
const unanswered = { ...callRecordExample.stages, answered_ms: null };
const refused = { ...unanswered, ringing_ms: null };

describe('the list of calls', () => {
  const made: string[] = [];
  beforeAll(async () => {
    // Spread over the objects of records by their ids, and not in the order of their times.
    for (const n of [3, 0, 4, 1, 2, 5, 6])
      made[n] = await add({
        invited_at_ms: base + n * 1_000,
        from_user: n % 2 === 0 ? '+1 (555) 0100' : 'ada',
        to_user: `+1555020${n}`,
        trunk_id: n < 3 ? 'ST_low' : 'ST_high',
        rule_id: `SDR_${n}`,
        room_name: `room_${n}`,
        ...(n === 5
          ? { stages: unanswered, reason: 'ringing-timeout', sip_status: 480 }
          : n === 6
            ? { stages: refused, reason: 'no-trunk', sip_status: 404, media: null }
            : {}),
      });
  });

  it('is newest first over all objects', async () => {
    expect(ids(await list(''))).toEqual(made.toReversed());
  });

  it('comes in pages, each call once, also when calls come in between', async () => {
    const seen: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await list(
        `limit=2&until=${base + 60_000}${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      expect(page.calls.length).toBeLessThanOrEqual(2);
      seen.push(...ids(page));
      cursor = page.next_cursor;
      await add({ invited_at_ms: base + 100_000_000 });
    } while (cursor !== null);
    expect(seen).toEqual(made.toReversed());
  });

  it.each<[string, number[]]>([
    [`since=${base + 2_000}&until=${base + 4_000}`, [3, 2]],
    [`since=${encodeURIComponent(new Date(base + 4_000).toISOString())}`, [6, 5, 4]],
    ['reason=ringing-timeout', [5]],
    ['trunk=ST_low', [2, 1, 0]],
    ['rule=SDR_4', [4]],
    ['room=room_1', [1]],
    ['node=nobody', []],
    ['node=test-1&trunk=ST_low', [2, 1, 0]],
    ['from=15550100', [6, 4, 2, 0]],
    ['from=ada&trunk=ST_high', [5, 3]],
    ['to=%2B15550203', [3]],
    ['state=answered&trunk=ST_high', [4, 3]],
    ['state=unanswered', [5]],
    ['state=refused', [6]],
    ['state=live', []],
  ])('can be asked for %s', async (query, expected) => {
    const until = query.includes('until') ? '' : `&until=${base + 60_000}`;
    expect(ids(await list(query + until))).toEqual(expected.map((n) => made[n]));
  });

  it('tells of each call what came of it', async () => {
    const { calls } = await list(`trunk=ST_low&limit=1&until=${base + 60_000}`);
    expect(calls).toEqual([
      {
        call_id: made[2],
        sequence: 0,
        state: 'answered',
        node: 'test-1',
        received_at_ms: expect.any(Number),
        invited_at_ms: base + 2_000,
        from_user: '+1 (555) 0100',
        to_user: '+15550202',
        source: '203.0.113.7:5060/udp',
        sip_call_id: callRecordExample.sip_call_id,
        trunk_id: 'ST_low',
        rule_id: 'SDR_2',
        room_name: 'room_2',
        participant_identity: 'sip_+15550199',
        revision: 12,
        duration_ms: 60_000,
        reason: 'caller-hung-up',
        result: 'success',
        fault: 'nobody',
        ended_by: 'caller',
        sip_status: 200,
        explanation: null,
        codec: 'PCMU',
        mos: 4.3,
      },
    ]);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=x', 'limit'],
    ['since=yesterday', 'since'],
    ['reason=bored', 'reason'],
    ['state=odd', 'state'],
    ['colour=red', 'colour'],
    ['limit=1&node=test-1&limit=2', 'limit'],
  ])('names what is wrong with %s', async (query, field) => {
    const response = await asAdmin('GET', `/v1/calls?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'bad-field', errors: [{ field }] });
  });

  it.each(['x', 'e30', Buffer.from('[1,2,3]').toString('base64url')])(
    'refuses the cursor %s, which it has not made',
    async (cursor) => {
      expect((await asAdmin('GET', `/v1/calls?cursor=${cursor}`)).status).toBe(400);
    },
  );

  it('is for operators, whose token may stand in the query, as LiveKit has it', async () => {
    const token = (await apiAuthorization({ admin: true })).slice('Bearer '.length);
    expect((await send('GET', `/v1/calls?limit=1&access_token=${token}`)).status).toBe(200);
    expect((await send('GET', '/v1/calls')).status).toBe(401);
    expect((await asNode('GET', '/v1/calls')).status).toBe(401);
    const authorization = await apiAuthorization({ call: true });
    expect((await send('GET', '/v1/calls', undefined, { authorization })).status).toBe(403);
  });
});

describe('a call that a later edge has recorded, before this one was put back', () => {
  it('is shown with its reason, though the table of outcomes does not have it', async () => {
    const call_id = nextCallId();
    const room_name = 'of-tomorrow';
    const ofTomorrow = { ...callRecordExample, call_id, room_name, reason: 'tired' as 'internal' };
    await recordsOf(env, call_id).add('test-1', ofTomorrow);
    const expected = { reason: 'tired', result: null, fault: null, ended_by: null };
    expect(await list('room=of-tomorrow')).toMatchObject({ calls: [expected] });
    const call = await (await asAdmin('GET', `/v1/calls/${call_id}`)).json();
    expect(call).toMatchObject({ records: [expected] });
  });
});

describe('progress of a call', () => {
  const { stages } = callProgressExample;
  const answered = { ...stages, joined_ms: 48, answered_ms: 62 };

  it('shows it as live until its record comes', async () => {
    const call_id = nextCallId();
    await progress({ call_id });
    expect(ids(await list('state=live'))).toEqual([call_id]);
    expect(await (await asAdmin('GET', `/v1/calls/${call_id}`)).json()).toMatchObject({
      records: [],
      live: [
        {
          node: 'test-1',
          reason: null,
          timeline: expect.arrayContaining([{ after_ms: 23, step: 'ringing' }]),
        },
      ],
    });
    await add({ call_id });
    expect(ids(await list('state=live'))).toEqual([]);
    expect(await (await asAdmin('GET', `/v1/calls/${call_id}`)).json()).toMatchObject({
      records: [{ reason: 'caller-hung-up' }],
      live: [],
    });
  });

  it('counts once, never goes back, and never replaces a record', async () => {
    const call_id = nextCallId();
    expect(await progress({ call_id, stages: answered })).toEqual({ counted: true });
    expect(await progress({ call_id, stages: answered })).toEqual({ counted: false });
    expect(await progress({ call_id })).toEqual({ counted: false });
    await add({ call_id });
    expect(await progress({ call_id, stages: answered })).toEqual({ counted: false });
  });
});

describe('a record that knows less than was reported', () => {
  it('keeps the stages that were', async () => {
    const call_id = nextCallId();
    await progress({ call_id });
    const nothing = Object.fromEntries(
      Object.keys(callProgressExample.stages).map((k) => [k, null]),
    );
    const stages = { ...(nothing as CallProgress['stages']), ended_ms: 900 };
    await add({ call_id, stages, media: null, reason: 'internal', sip_status: null });
    expect(await (await asAdmin('GET', `/v1/calls/${call_id}`)).json()).toMatchObject({
      records: [{ record: { stages: { ringing_ms: 23, answered_ms: null, ended_ms: 900 } } }],
    });
    expect(ids(await list('state=unanswered'))).toContain(call_id);
  });
});

describe('the trace of a call', () => {
  it('is that of the revision that decided, whatever the table says now', async () => {
    const trunk = { sip_trunk_id: 'ST_then', numbers: ['+15550100'] };
    const rule = {
      sip_dispatch_rule_id: 'SDR_then',
      rule: { dispatch_rule_direct: { room_name: 'lobby' } },
    };
    const { revision } = await putRouting({ trunks: [trunk], rules: [rule] });
    const decision = await decide({ min_revision: revision });
    expect(decision.kind).toBe('join');
    const id = await add({ trunk_id: 'ST_then', rule_id: 'SDR_then', revision });
    await putRouting({});
    const call = (await (await asAdmin('GET', `/v1/calls/${id}`)).json()) as {
      records: { trace: object[] }[];
    };
    expect(call.records[0]?.trace).toMatchObject({
      trunks: [{ id: 'ST_then' }],
      rules: [{ id: 'SDR_then' }],
    });
  });
});
