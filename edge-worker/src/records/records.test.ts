import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { recordLimits, spoolLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { nextCallId } from '../../testdata/call-ids.ts';
import { apiAuthorization, asAdmin, asNode, send } from '../../testdata/requests.ts';
import type { Env } from '../env.ts';
import { recordsOf } from './call-records.ts';

const record = (call_id: string, sequence = 0) => ({ ...callRecordExample, call_id, sequence });

describe('call records', () => {
  it('are read back by call id, in their order, with the node that sent them', async () => {
    const id = 'SCL_aaaaaaaaaaaa';
    for (const sequence of [1, 0])
      expect((await asNode('POST', '/v1/records', record(id, sequence))).status).toBe(201);
    const body = await (await asAdmin('GET', `/v1/calls/${id}`)).json();
    expect(body).toEqual({
      call_id: id,
      records: [0, 1].map((sequence) => ({
        node: 'test-1',
        received_at_ms: expect.any(Number),
        reason: 'caller-hung-up',
        result: 'success',
        fault: 'nobody',
        ended_by: 'caller',
        sip_status: 200,
        explanation: null,
        timeline: expect.arrayContaining([{ after_ms: 60_062, step: 'ended' }]),
        record: record(id, sequence),
        trace: null,
      })),
      live: [],
      refusal: null,
    });
  });

  it('are counted once however often they come', async () => {
    const id = 'SCL_bbbbbbbbbbbb';
    const answers = [];
    for (let time = 0; time < 3; time += 1)
      answers.push(await (await asNode('POST', '/v1/records', record(id))).json());
    expect(answers).toEqual([{ counted: true }, { counted: false }, { counted: false }]);
    const body = (await (await asAdmin('GET', `/v1/calls/${id}`)).json()) as { records: [] };
    expect(body.records.length).toBe(1);
  });

  it('may come as a list, each counted once', async () => {
    const ids = ['SCL_eeeeeeeeeeee', 'SCL_ffffffffffff'];
    await asNode('POST', '/v1/records', record('SCL_eeeeeeeeeeee'));
    const response = await asNode(
      'POST',
      '/v1/records',
      ids.map((id) => record(id)),
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ counted: [false, true] });
    for (const id of ids) {
      const body = (await (await asAdmin('GET', `/v1/calls/${id}`)).json()) as { records: [] };
      expect(body.records.length).toBe(1);
    }
  });

  it.each([
    ['nothing', 0, 'body'],
    ['too many', spoolLimits.messageRecordsMax + 1, 'body'],
  ])('are refused as a list of %s', async (_what, length, field) => {
    const list = Array.from({ length }, (_, sequence) => record('SCL_gggggggggggg', sequence));
    const response = await asNode('POST', '/v1/records', list);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'bad-field', errors: [{ field }] });
    expect((await asAdmin('GET', '/v1/calls/SCL_gggggggggggg')).status).toBe(404);
  });

  it('are refused all when one of a list is wrong', async () => {
    const list = [
      record('SCL_hhhhhhhhhhhh'),
      { ...record('SCL_hhhhhhhhhhhh', 1), reason: 'bored' },
    ];
    const response = await asNode('POST', '/v1/records', list);
    expect(await response.json()).toMatchObject({ errors: [{ field: '1.reason' }] });
    expect((await asAdmin('GET', '/v1/calls/SCL_hhhhhhhhhhhh')).status).toBe(404);
  });

  it('are taken from nodes only', async () => {
    const id = 'SCL_cccccccccccc';
    for (const authorization of [
      'Bearer wrong',
      'Basic x',
      await apiAuthorization({ admin: true }),
    ]) {
      const response = await send('POST', '/v1/records', record(id), { authorization });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: 'unauthenticated' });
    }
    expect((await asAdmin('GET', `/v1/calls/${id}`)).status).toBe(404);
  });

  it('are shown to operators only', async () => {
    const path = '/v1/calls/SCL_aaaaaaaaaaaa';
    expect((await send('GET', path)).status).toBe(401);
    expect((await asNode('GET', path)).status).toBe(401);
    const authorization = await apiAuthorization({ call: true });
    expect((await send('GET', path, undefined, { authorization })).status).toBe(403);
  });

  it('name the field that is wrong', async () => {
    const response = await asNode('POST', '/v1/records', {
      ...record('SCL_dddddddddddd'),
      reason: 'bored',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'bad-field',
      errors: [{ field: 'reason' }],
    });
  });

  it('refuse an id that is none', async () => {
    expect((await asAdmin('GET', '/v1/calls/SCL_%00')).status).toBe(400);
  });

  it.each<[string, Partial<Env>, number]>([
    ['of a month', {}, recordLimits.keepDaysDefault],
    ['that the deployment sets', { RECORD_DAYS: '3' }, 3],
  ])('are forgotten after the time %s, and not before', async (_what, settings, days) => {
    const id = nextCallId();
    await asNode('POST', '/v1/records', record(id));
    const stub = recordsOf(env, id);
    const leftAfter = async (ms: number) => {
      await runInDurableObject(stub, (records) => {
        records.clock = { now: () => Date.now() + ms };
      });
      expect(await runDurableObjectAlarm(stub)).toBe(true);
      return JSON.parse(await stub.ofCall(id)) as unknown[];
    };
    Object.assign(env, settings);
    try {
      const hourMs = 3_600_000;
      expect(await leftAfter(days * 86_400_000 - hourMs)).toHaveLength(1);
      expect(await leftAfter(days * 86_400_000 + hourMs)).toEqual([]);
    } finally {
      for (const name of Object.keys(settings)) Reflect.deleteProperty(env, name);
    }
  });
});
