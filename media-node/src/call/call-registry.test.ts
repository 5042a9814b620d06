import { decisionExamples, type JoinDecision } from '@callgate/shared/contract/decision.ts';
import { callRecord } from '@callgate/shared/contract/record.ts';
import { readTraceparent } from '@callgate/shared/contract/traceparent.ts';
import { contractVersion } from '@callgate/shared/contract/version.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FakeClock } from '../clock.fake.ts';
import { type FakeEdge, settled } from '../edge/edge-client.fake.ts';
import type { FakeMediaPool, FakeMediaSession } from '../media/media-pool.fake.ts';
import type { Log } from '../ops/log.ts';
import { PartError } from '../part-error.ts';
import { FakeSipCall } from '../sip/sip-call.fake.ts';
import type { InviteRequest } from '../sip/sip-endpoint.ts';
import type { CallRegistry } from './call-registry.ts';
import { registryBench } from './registry-bench.fake.ts';

let clock: FakeClock;
let edge: FakeEdge;
let media: FakeMediaPool;
let calls: CallRegistry;
beforeEach(() => {
  ({ clock, edge, media, calls } = registryBench());
});

function dial(invite: Partial<InviteRequest> = {}): FakeSipCall {
  const sip = new FakeSipCall(invite);
  calls.onInvite(sip);
  return sip;
}

async function ring(
  decision: JoinDecision = decisionExamples.join,
): Promise<{ sip: FakeSipCall; session: FakeMediaSession }> {
  const sip = dial();
  await edge.answer(decision);
  const session = media.sessions[0];
  if (session === undefined) throw new Error('no media session was opened');
  return { sip, session };
}

async function answer() {
  const { sip, session } = await ring();
  session.raise({ kind: 'joined' });
  session.raise({ kind: 'audible' });
  sip.events?.onAck(Buffer.alloc(0));
  return { sip, session };
}

/** What must hold when every call has ended. */
async function expectNothingLeft(): Promise<void> {
  await settled();
  expect(calls.size).toBe(0);
  expect(media.stats().sessions).toBe(0);
  expect(clock.pending).toBe(0);
}

describe('a call', () => {
  it('rings when the edge has authorised it, and answers when somebody can be heard', async () => {
    const { sip, session } = await ring();
    expect(sip.said).toEqual(['180']);
    expect(session.asked).toEqual(['join wss://livekit.example.com']);
    session.raise({ kind: 'joined' });
    expect(sip.said).toEqual(['180']);
    session.raise({ kind: 'audible' });
    expect(sip.said).toEqual(['180', '200']);
    expect(session.asked.slice(1)).toEqual(['connect 30000 15000']);
    expect(sip.answers.at(-1)?.body?.bytes.toString()).toContain('m=audio 20000 RTP/AVP 0 101');
    expect(sip.answers.at(-1)?.headers).toEqual([{ name: 'X-Served-By', value: 'callgate' }]);
  });

  it('tells its media of the answer before the 200 leaves, so that no packet of the room is lost between the two', async () => {
    const { sip, session } = await ring();
    const toldBefore: string[] = [];
    sip.accept = () => toldBefore.push(...session.asked);
    session.raise({ kind: 'joined' });
    session.raise({ kind: 'audible' });
    expect(toldBefore).toContain('connect 30000 15000');
  });

  it('lets the caller hear what trunk or rule chose before the answer, and says in the 200 what the 183 has said', async () => {
    const { join } = decisionExamples;
    const sounds = { early_media: 'ringback', ringback: 'US' } as const;
    const { sip, session } = await ring({ ...join, media: { ...join.media, sounds } });
    expect(sip.said).toEqual(['180', '183']);
    expect(session.asked.slice(1)).toEqual(['preview', 'play ringback {"country":"US"}']);
    session.raise({ kind: 'audible' });
    expect(session.asked.slice(3)).toEqual(['connect 30000 15000', 'stop sound']);
    const [, progress, final] = sip.answers.map(({ body }) => body?.bytes.toString());
    expect(final).toBe(progress);
  });

  it('gives media the negotiated stream before it joins', async () => {
    const { session } = await ring();
    expect(session.stream).toMatchObject({
      codec: 'PCMU',
      remote: { address: '192.0.2.7', port: 4000 },
    });
  });

  it('leaves nothing behind when the caller hangs up, and writes a record that fits the contract', async () => {
    const { sip, session } = await answer();
    clock.advance(5_000);
    sip.events?.onBye('');
    await expectNothingLeft();
    expect(session.asked.at(-1)).toBe('attributes {"sip.callStatus":"hangup"}');
    expect(edge.records).toEqual([callRecord.parse(edge.records[0])]);
    expect(edge.records[0]).toMatchObject({
      reason: 'caller-hung-up',
      sip_status: 200,
      room_name: 'support_+15550199',
      stages: { answered_ms: 0, ended_ms: 5_000 },
    });
  });

  it('has in its record what the caller gave as the reason of its BYE or CANCEL (RFC 3326)', async () => {
    const { sip } = await answer();
    sip.events?.onBye('Q.850;cause=34;text="No circuit"');
    const cancelled = dial({ callId: 'other' });
    cancelled.events?.onCancel('SIP;cause=200;text="Call completed elsewhere"');
    await settled();
    expect(edge.records.map(({ explanation }) => explanation).sort()).toEqual([
      'The caller gave as reason: Q.850 34 (No circuit).',
      'The caller gave up while the edge was being asked. The caller gave as reason: SIP 200 (Call completed elsewhere).',
    ]);
  });

  it('sends BYE with a Q.850 cause when the room is deleted', async () => {
    const { sip, session } = await answer();
    session.raise({ kind: 'room-ended', reason: 'room-deleted' });
    expect(sip.said.at(-1)).toBe(
      'BYE Reason: Q.850;cause=16;text="room-deleted" X-Served-By: callgate',
    );
    await expectNothingLeft();
  });

  it('refuses with 480 when nobody publishes within the ringing timeout of the decision', async () => {
    const { sip } = await ring({
      ...decisionExamples.join,
      limits: { ...decisionExamples.join.limits, ringing_timeout_ms: 7_000 },
    });
    clock.advance(6_999);
    expect(sip.said).toEqual(['180']);
    clock.advance(1);
    expect(sip.said).toEqual(['180', '480']);
    await expectNothingLeft();
  });

  it('hangs up at the maximum duration, counted from the answer', async () => {
    const { sip, session } = await ring({
      ...decisionExamples.join,
      limits: { ...decisionExamples.join.limits, max_call_duration_ms: 60_000 },
    });
    clock.advance(3_000);
    session.raise({ kind: 'audible' });
    clock.advance(59_999);
    expect(sip.said.at(-1)).toBe('200');
    clock.advance(1);
    expect(sip.said.at(-1)).toContain('BYE');
    await expectNothingLeft();
  });

  it('answers 487 to an INVITE that is cancelled while the RTP port is being bound, and closes the port that comes too late', async () => {
    const sip = dial();
    const decided = edge.answer(decisionExamples.join);
    await Promise.resolve();
    await Promise.resolve();
    sip.events?.onCancel();
    await decided;
    expect(sip.said.at(-1)).toBe('487');
    await expectNothingLeft();
  });

  it('answers 503 with Retry-After when the edge is away', async () => {
    const sip = dial();
    await edge.fail(new PartError('edge-unreachable', 'no answer'));
    expect(sip.answers.at(-1)).toMatchObject({ status: 503 });
    expect(sip.answers.at(-1)?.headers?.map(({ name }) => name)).toEqual(['Reason', 'Retry-After']);
    await expectNothingLeft();
    expect(edge.records[0]).toMatchObject({
      reason: 'edge-unreachable',
      sip_status: 503,
      trunk_id: null,
    });
  });

  it('answers 503 when no RTP port is free', async () => {
    media.failure = new PartError('no-rtp-port', 'none');
    const sip = dial();
    await edge.answer(decisionExamples.join);
    expect(sip.said).toEqual(['180', '503']);
    await expectNothingLeft();
  });

  it('answers 500 to a fault of ours', async () => {
    media.failure = new TypeError('x is not a function');
    const sip = dial();
    await edge.answer(decisionExamples.join);
    expect(sip.said.at(-1)).toBe('500');
    await expectNothingLeft();
  });

  it('refuses an offer it cannot take only after the edge has authorised the caller', async () => {
    const sip = dial({ body: Buffer.from('v=0'), contentType: 'application/sdp' });
    expect(sip.said).toEqual([]);
    await edge.answer(decisionExamples.join);
    expect(sip.said).toEqual(['488']);
    await expectNothingLeft();
  });

  it('says nothing when the edge says drop', async () => {
    const sip = dial();
    await edge.answer(decisionExamples.drop);
    expect(sip.said).toEqual(['nothing']);
    await expectNothingLeft();
    expect(edge.records[0]).toMatchObject({ reason: 'stranger-dropped', sip_status: null });
  });
});

describe('a call behind a PIN', () => {
  it('is answered, asked, and joins the room that the edge names for the digits', async () => {
    const sip = dial();
    await edge.answer(decisionExamples['ask-pin']);
    const session = media.sessions[0];
    expect(sip.said).toEqual(['180', '200']);
    sip.events?.onAck(Buffer.alloc(0));
    for (const digit of '12#') session?.raise({ kind: 'digit', digit });
    expect(edge.pins).toEqual([
      { contract: contractVersion, ticket: decisionExamples['ask-pin'].ticket, digits: '12' },
    ]);
    await edge.answer(decisionExamples.join);
    expect(session?.asked).toContain('join wss://livekit.example.com');
    sip.events?.onBye('');
    await expectNothingLeft();
    expect(edge.records[0]).toMatchObject({
      reason: 'caller-hung-up',
      rule_id: decisionExamples.join.rule_id,
    });
  });

  it('says nothing of the digits in any log line', async () => {
    const lines: string[] = [];
    const log = (...line: Parameters<Log>) => lines.push(JSON.stringify(line));
    ({ clock, edge, media, calls } = registryBench(log));
    const sip = dial();
    await edge.answer(decisionExamples['ask-pin']);
    sip.events?.onAck(Buffer.alloc(0));
    for (const digit of '4711#') media.sessions[0]?.raise({ kind: 'digit', digit });
    await edge.answer({ ...decisionExamples.refuse, reason: 'wrong-pin' });
    expect(lines).not.toEqual([]);
    expect(lines.join('')).not.toContain('4711"');
    sip.events?.onBye('');
    await expectNothingLeft();
  });
});

describe('a re-INVITE', () => {
  const described = (lines: string) => ({
    contentType: 'application/sdp',
    body: Buffer.from(`v=0\r\no=- 1 2 IN IP4 192.0.2.7\r\nc=IN IP4 192.0.2.7\r\n${lines}`),
  });

  it('holds and resumes: the answer mirrors the direction, its version goes up, media follows', async () => {
    const { sip, session } = await answer();
    const held = sip.events?.onReoffer(described('m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n'));
    expect(held).toMatchObject({ status: 200 });
    expect(held?.body?.bytes.toString()).toMatch(/o=callgate \d+ 2 .*a=recvonly/s);
    expect(session.stream).toMatchObject({ send: false, receive: true });
    const resumed = sip.events?.onReoffer(described('m=audio 4002 RTP/AVP 0\r\n'));
    expect(resumed?.body?.bytes.toString()).toMatch(/o=callgate \d+ 3 .*a=sendrecv/s);
    expect(session.stream).toMatchObject({ send: true, remote: { port: 4002 } });
  });

  it('that cannot be taken is refused and leaves the call as it is (RFC 3261 §14.2)', async () => {
    const { sip, session } = await answer();
    const before = session.stream;
    expect(sip.events?.onReoffer(described('m=audio 4000 RTP/AVP 18\r\n'))).toMatchObject({
      status: 488,
    });
    expect(session.stream).toBe(before);
    expect(calls.size).toBe(1);
  });

  it('without a body is answered with our description', async () => {
    const { sip } = await answer();
    const refreshed = sip.events?.onReoffer({ contentType: '', body: Buffer.alloc(0) });
    expect(refreshed).toMatchObject({ status: 200, body: { contentType: 'application/sdp' } });
  });
});

describe('a challenged call', () => {
  it('keeps its call id when it comes back with credentials, and has one record', async () => {
    const first = dial();
    await edge.answer(decisionExamples.challenge);
    expect(first.answers.at(-1)).toMatchObject({
      status: 407,
      headers: [{ name: 'Proxy-Authenticate', value: decisionExamples.challenge.challenges[0] }],
    });
    dial({ credentials: { header: 'proxy-authorization', value: 'Digest ...' } });
    await edge.answer(decisionExamples.refuse);
    expect(edge.offers.map((offer) => offer.call_id)).toEqual([
      edge.offers[0]?.call_id,
      edge.offers[0]?.call_id,
    ]);
    expect(edge.records.map((record) => [record.sequence, record.reason])).toEqual([
      [1, 'no-trunk'],
    ]);
    await expectNothingLeft();
  });

  it('keeps its trace id with the INVITE that answers, in the questions to the edge and in the record', async () => {
    dial();
    await edge.answer(decisionExamples.challenge);
    dial();
    await edge.answer(decisionExamples.refuse);
    const traces = edge.traceparents.map(readTraceparent);
    expect(traces.map((trace) => trace?.traceId)).toEqual([
      edge.records[0]?.trace_id,
      edge.records[0]?.trace_id,
    ]);
    expect(traces[0]?.spanId).not.toBe(traces[1]?.spanId);
  });

  it('becomes a record of its own when nobody comes back in 30 s', async () => {
    dial();
    await edge.answer(decisionExamples.challenge);
    clock.advance(29_999);
    expect(edge.records).toEqual([]);
    clock.advance(1);
    expect(edge.records.map((record) => record.reason)).toEqual(['challenge-unanswered']);
    await expectNothingLeft();
  });

  it('has a record for each wrong password, under one call id', async () => {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      dial();
      await edge.answer({ ...decisionExamples.challenge, reason: 'bad-credentials' });
    }
    expect(edge.records.map((record) => [record.sequence, record.reason])).toEqual([
      [0, 'bad-credentials'],
      [1, 'bad-credentials'],
    ]);
    expect(new Set(edge.records.map((record) => record.call_id)).size).toBe(1);
  });

  it('may come back twice without counting as a new call, and no oftener', async () => {
    const { callId, from } = new FakeSipCall().invite;
    const counted: boolean[] = [];
    for (let invite = 0; invite < 4; invite += 1) {
      counted.push(!calls.isChallenged(callId, from.tag));
      dial();
      await edge.answer({ ...decisionExamples.challenge, reason: 'bad-credentials' });
    }
    expect(counted).toEqual([true, false, false, true]);
  });

  it('does not let strangers grow the memory of challenges without bound', async () => {
    for (let index = 0; index < 5_010; index += 1) {
      dial({ callId: `call-${index}` });
      await edge.answer(decisionExamples.challenge);
    }
    expect(clock.pending).toBe(5_000);
    expect(edge.records.length).toBe(10);
  });
});

describe('a node that stops', () => {
  it('hangs up what is up, refuses what rings and what comes, and resolves when all is freed', async () => {
    const { sip: up } = await answer();
    const ringing = dial({ callId: 'call-2' });
    await edge.answer(decisionExamples.join);
    await calls.stop();
    expect(up.said.at(-1)).toContain('BYE Reason: Q.850;cause=41;text="node-stopped"');
    expect(ringing.said.at(-1)).toBe('503');
    const late = dial({ callId: 'call-3' });
    expect(late.said).toEqual(['503']);
    await expectNothingLeft();
  });

  it('tells the edge the highest revision it has seen', async () => {
    dial();
    await edge.answer(decisionExamples.refuse);
    dial({ callId: 'call-2' });
    expect(edge.offers.map((offer) => offer.min_revision)).toEqual([0, 12]);
  });
});
