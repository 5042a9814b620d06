/** Calls whose INVITE has no offer: ours goes out, and the caller's answer settles what is spoken. RFC 3261 §13.2.1, RFC 3262 §5. */
import { decisionExamples } from '@callgate/shared/contract/decision.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FakeClock } from '../clock.fake.ts';
import { type FakeEdge, settled } from '../edge/edge-client.fake.ts';
import type { FakeMediaPool } from '../media/media-pool.fake.ts';
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

function dial(invite: Partial<InviteRequest>): FakeSipCall {
  const sip = new FakeSipCall({ ...invite, body: Buffer.alloc(0), contentType: '' });
  calls.onInvite(sip);
  return sip;
}

describe('an INVITE without an offer', () => {
  const answerOf = (payloadType: number) =>
    Buffer.from(
      `v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\nc=IN IP4 192.0.2.7\r\nm=audio 4000 RTP/AVP ${payloadType}\r\n`,
    );

  async function answered() {
    const sip = dial({});
    await edge.answer(decisionExamples.join);
    const session = media.sessions[0];
    session?.raise({ kind: 'audible' });
    return { sip, session };
  }

  it('gets ours in the 200, and the ACK settles the stream', async () => {
    const { sip, session } = await answered();
    expect(sip.answers.at(-1)?.body?.bytes.toString()).toContain('m=audio 20000 RTP/AVP 0 8 101');
    expect(session?.stream).toBeNull();
    sip.events?.onAck(answerOf(8));
    expect(session?.stream).toMatchObject({ codec: 'PCMA', remote: { port: 4000 } });
    expect(calls.size).toBe(1);
  });

  it('gets ours while the phone rings where what we say must arrive, and the PRACK settles the stream (RFC 3262 §5)', async () => {
    const sip = dial({ requiresReliable: true });
    await edge.answer(decisionExamples.join);
    expect(sip.said).toEqual(['180', '180']);
    expect(sip.answers.at(-1)?.body?.bytes.toString()).toContain('m=audio 20000 RTP/AVP 0 8 101');
    const [session] = media.sessions;
    sip.events?.onReofferAnswer?.({ contentType: 'application/sdp', body: answerOf(0) });
    expect(session?.stream).toMatchObject({ codec: 'PCMU', remote: { port: 4000 } });
    session?.raise({ kind: 'audible' });
    sip.events?.onAck(Buffer.alloc(0));
    expect(calls.size).toBe(1);
  });

  it('ends with BYE when the ACK brings no usable answer', async () => {
    const { sip } = await answered();
    sip.events?.onAck(Buffer.alloc(0));
    expect(sip.said.at(-1)).toContain('text="bad-sdp"');
    await settled();
    expect([calls.size, media.stats().sessions, clock.pending]).toEqual([0, 0, 0]);
  });
});
