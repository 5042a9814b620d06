import { type ChallengeDecision, decisionExamples } from '@callgate/shared/contract/decision.ts';
import { registryLimits } from '@callgate/shared/limits.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FakeClock } from '../clock.fake.ts';
import { type FakeEdge, settled } from '../edge/edge-client.fake.ts';
import type { FakeMediaPool } from '../media/media-pool.fake.ts';
import { FakeSipCall, inviteExample } from '../sip/sip-call.fake.ts';
import type { InviteRequest } from '../sip/sip-endpoint.ts';
import type { CallRegistry } from './call-registry.ts';
import { registryBench } from './registry-bench.fake.ts';

const credentials = { header: 'proxy-authorization', value: 'Digest username="alice"' } as const;

let clock: FakeClock;
let edge: FakeEdge;
let media: FakeMediaPool;
let calls: CallRegistry;
beforeEach(() => {
  ({ clock, edge, media, calls } = registryBench());
});

/** An INVITE is challenged, and another of the same call follows. */
async function comesBack(invite: Partial<InviteRequest>): Promise<FakeSipCall> {
  calls.onInvite(new FakeSipCall());
  await edge.answer(decisionExamples.challenge);
  expect(media.stats().sessions).toBe(0);
  const sip = new FakeSipCall(invite);
  calls.onInvite(sip);
  return sip;
}

describe('a caller who answers a challenge', () => {
  it.each([
    ['let in', decisionExamples.join, 1],
    ['refused', decisionExamples.refuse, 0],
  ] as const)(
    'from a phone that was let in before, and is %s, has media before the edge has decided',
    async (_what, decision, sessionsAfter) => {
      const sip = await comesBack({ credentials, isFamiliar: true });
      expect(media.stats().sessions).toBe(1);
      await edge.answer(decision);
      await settled();
      expect(media.stats().sessions).toBe(sessionsAfter);

      sip.events?.onCancel();
      await settled();
      expect(media.stats().sessions).toBe(0);
      expect(media.sessions).toHaveLength(1);
    },
  );

  it.each([
    ['was never let in', { credentials, isFamiliar: false }],
    ['brings no credentials', { credentials: null, isFamiliar: true }],
  ])('and %s costs no media until the edge lets it in', async (_what, invite) => {
    await comesBack(invite);
    expect(media.stats().sessions).toBe(0);
    await edge.answer(decisionExamples.join);
    await settled();
    expect(media.stats().sessions).toBe(1);
  });

  it.each([
    ['no codec of ours', 'm=audio 4000 RTP/AVP 18', 0],
    ['no audio', 'm=video 4000 RTP/AVP 0', 0],
    ['a stream without a port', 'm=audio 0 RTP/AVP 0', 0],
    ['a codec of ours among others', 'm=audio 4000 RTP/AVP 18 8', 1],
  ])('and offers %s has media when it can come to something', async (_what, line, sessions) => {
    const text = `${inviteExample.body.toString().split('m=')[0]}${line}\r\n`;
    await comesBack({ credentials, isFamiliar: true, body: Buffer.from(text) });
    expect(media.sessions).toHaveLength(sessions);
    await edge.answer(decisionExamples.join);
    await settled();
    expect(media.sessions).toHaveLength(sessions);
  });

  it('and leaves the offer to us has media: the ACK brings the answer', async () => {
    const body = Buffer.alloc(0);
    await comesBack({ credentials, isFamiliar: true, contentType: '', body });
    expect(media.sessions).toHaveLength(1);
  });
});

describe('a challenge that the edge has given the node to say', () => {
  const known = { ...decisionExamples.challenge, revision: 13 };

  it('goes out without a question, and the INVITE that answers it asks', async () => {
    edge.known = known;
    const challenged = new FakeSipCall();
    calls.onInvite(challenged);
    await settled();
    expect(challenged.answers.map(({ status }) => status)).toEqual([407]);
    expect(edge.offers).toHaveLength(0);
    edge.known = null;
    const sip = new FakeSipCall({ credentials });
    calls.onInvite(sip);
    expect(edge.offers).toMatchObject([{ sequence: 1, credentials, min_revision: 13 }]);
    await edge.answer(decisionExamples.join);
    sip.events?.onCancel();
    await settled();
  });

  it('has a record like any other when nobody answers it', async () => {
    edge.known = known;
    calls.onInvite(new FakeSipCall());
    await settled();
    clock.advance(registryLimits.challengeAnswerMs);
    expect(edge.records).toMatchObject([
      {
        reason: 'challenge-unanswered',
        sip_status: 407,
        trunk_id: known.trunk_id,
        revision: 13,
        stages: { decided_ms: 0 },
      },
    ]);
  });
});

describe('a caller who is let in', () => {
  const { join, 'ask-pin': askPin } = decisionExamples;
  it.each([
    ['by its credentials', { ...join, credentials_are_right: true }, true],
    ['by its credentials, and asked for a PIN', { ...askPin, credentials_are_right: true }, true],
    ['without any', { ...join, credentials_are_right: undefined }, false],
  ])('%s: signalling is told', async (_what, decision, hasPassword) => {
    const sip = await comesBack({ credentials });
    await edge.answer(decision);
    expect(sip.hasPassword).toBe(hasPassword);
    sip.events?.onCancel();
    await settled();
  });
});

describe('a wrong answer', () => {
  const bad: ChallengeDecision = { ...decisionExamples.challenge, reason: 'bad-credentials' };
  it.each([
    ['is a guess when the edge says so', { ...bad, is_guess: true }, true],
    ['is none when it answered no challenge of this call', { ...bad, is_guess: false }, false],
    ['is a guess when an older edge does not tell', bad, true],
  ])('%s', async (_what, decision, wasGuess) => {
    const sip = await comesBack({ credentials });
    await edge.answer(decision);
    expect(sip.wasGuess).toBe(wasGuess);
  });
});
