import { decisionExamples, type JoinDecision } from '@callgate/shared/contract/decision.ts';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { FakeEdge } from '../edge/edge-client.fake.ts';
import { FakeMediaPool } from '../media/media-pool.fake.ts';
import { silentLog } from '../ops/log.ts';
import { FakeSipCall } from '../sip/sip-call.fake.ts';
import { CallRegistry } from './call-registry.ts';

/** A call that rings, in a node of its own. */
async function ring(decision: JoinDecision = decisionExamples.join) {
  const clock = new FakeClock();
  const edge = new FakeEdge();
  const media = new FakeMediaPool();
  const nodeMedia = { codecs: ['PCMU'], srtpSuites: [], newKey: () => Buffer.alloc(0) } as const;
  const calls = new CallRegistry({ edge, media, clock, log: silentLog, nodeMedia });
  const sip = new FakeSipCall({});
  calls.onInvite(sip);
  await edge.answer(decision);
  const [session] = media.sessions;
  if (session === undefined) throw new Error('no media session was opened');
  return { clock, sip, session };
}

async function answer() {
  const call = await ring();
  call.session.raise({ kind: 'joined' });
  call.session.raise({ kind: 'audible' });
  call.sip.events?.onAck(Buffer.alloc(0));
  return call;
}

describe('what the room is told of a call, and the caller of the room', () => {
  it.each([
    ['with the first packet of the phone', 0],
    ['after a second when the phone sends none', 1_000],
  ])('is active in the room %s', async (_when, waitMs) => {
    const { clock, session } = await answer();
    const active = 'attributes {"sip.callStatus":"active"}';
    expect(session.asked).not.toContain(active);
    if (waitMs === 0) session.raise({ kind: 'first-audio', direction: 'from-phone' });
    clock.advance(waitMs);
    expect(session.asked.at(-1)).toBe(active);
    clock.advance(2_000);
    expect(session.asked.filter((asked) => asked === active)).toHaveLength(1);
  });

  it('tells the room that it has ended also when the caller gives up before the answer', async () => {
    const { sip, session } = await ring();
    session.raise({ kind: 'joined' });
    sip.events?.onCancel();
    expect(session.asked.at(-1)).toBe('attributes {"sip.callStatus":"hangup"}');
  });

  it('puts attributes of the participant into 200 and BYE, as they are at that moment', async () => {
    const { sip, session } = await ring({
      ...decisionExamples.join,
      headers: {},
      attributes_to_headers: { ticket: 'X-Ticket' },
    });
    session.raise({ kind: 'joined' });
    session.raise({ kind: 'attributes', attributes: { ticket: '1' } });
    session.raise({ kind: 'audible' });
    expect(sip.answers.at(-1)?.headers).toEqual([{ name: 'X-Ticket', value: '1' }]);
    sip.events?.onAck(Buffer.alloc(0));
    session.raise({ kind: 'attributes', attributes: { ticket: '2' } });
    session.raise({ kind: 'silent' });
    expect(sip.said.at(-1)).toBe('BYE Reason: Q.850;cause=31;text="media-silent" X-Ticket: 2');
  });
});
