import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { readTraceparent } from '@callgate/shared/contract/traceparent.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../clock.fake.ts';
import { PartError } from '../../part-error.ts';
import { type AttemptWatch, waitFor } from '../call-watch.ts';
import { type FinishedSpan, tracedCalls } from './call-spans.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const epochMs = 1_795_000_000_000;
let clock: FakeClock;
let spans: FinishedSpan[];
let watch: AttemptWatch;
beforeEach(() => {
  clock = new FakeClock(epochMs);
  spans = [];
  clock.advance(100);
  watch = tracedCalls(clock, (span) => spans.push(span)).begin({
    callId: 'SCL_a',
    sequence: 0,
    traceId,
    sipCallId: 'a@b',
    invitedAtMono: 90,
  });
});

const brief = () =>
  spans.map(({ name, startMs, endMs, failure }) => [
    name,
    startMs - epochMs - 90,
    endMs - epochMs - 90,
    failure,
  ]);

async function setUp(): Promise<void> {
  const asked = waitFor(watch, 'edge.decide', async () => clock.advance(20));
  await asked;
  watch.wait('room.join');
  watch.stage('joined_ms', 50);
  watch.stage('audible_ms', 70);
  watch.stage('answered_ms', 71);
}

describe('the spans of a call', () => {
  it('tell what was waited for as soon as it is over, while the call is up', async () => {
    await setUp();
    expect(brief()).toEqual([
      ['edge.decide', 10, 30, null],
      ['room.join', 30, 50, null],
      ['room.audible', 50, 70, null],
      ['invite', 0, 71, null],
    ]);
  });

  it('end with the call, and all hang on its INVITE in its trace', async () => {
    await setUp();
    watch.ended({ ...callRecordExample, stages: { ...callRecordExample.stages, ended_ms: 9_000 } });
    expect(brief().at(-1)).toEqual(['call', 71, 9_000, null]);
    const invite = spans.find(({ name }) => name === 'invite');
    expect(invite?.parentSpanId).toBeNull();
    for (const span of spans) {
      expect(span.traceId).toBe(traceId);
      if (span !== invite) expect(span.parentSpanId).toBe(invite?.spanId);
    }
    expect(spans.at(-1)?.attributes).toMatchObject({
      'callgate.call_id': 'SCL_a',
      'callgate.reason': 'caller-hung-up',
      'callgate.codec': 'PCMU',
    });
  });

  it('give the edge a parent for its own', async () => {
    const waiting = watch.wait('edge.decide');
    waiting.done();
    expect(readTraceparent(waiting.traceparent)).toEqual({
      traceId,
      spanId: spans[0]?.spanId,
      isSampled: true,
    });
  });

  it('that are open when the call fails have failed with it', async () => {
    watch.wait('room.join');
    watch.ended({ ...callRecordExample, reason: 'room-unreachable', sip_status: 503 });
    expect(spans.map(({ name, failure }) => [name, failure])).toEqual([
      ['room.join', 'room-unreachable'],
      ['invite', 'room-unreachable'],
    ]);
  });

  it('name the reason when the edge does not answer', async () => {
    const failing = waitFor(watch, 'edge.decide', () =>
      Promise.reject(new PartError('edge-unreachable', 'x')),
    );
    await expect(failing).rejects.toThrow('x');
    expect(spans[0]).toMatchObject({ name: 'edge.decide', failure: 'edge-unreachable' });
  });

  it('take a refusal of a caller for no failure of ours', () => {
    watch.ended({ ...callRecordExample, reason: 'no-trunk', sip_status: 404 });
    expect(spans[0]).toMatchObject({
      name: 'invite',
      failure: null,
      attributes: { 'callgate.reason': 'no-trunk', 'callgate.sip_status': 404 },
    });
  });

  it('hold no number and no address of a caller', () => {
    watch.ended(callRecordExample);
    const text = JSON.stringify(spans);
    for (const personal of ['15550199', '15550100', '203.0.113.7', 'support_'])
      expect(text).not.toContain(personal);
  });
});
