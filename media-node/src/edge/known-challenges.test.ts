import {
  type ChallengeDecision,
  type Decision,
  decisionExamples,
  type NextChallenge,
  nextChallenge,
} from '@callgate/shared/contract/decision.ts';
import { type Offer, offerExample } from '@callgate/shared/contract/offer.ts';
import { callProgressExample } from '@callgate/shared/contract/progress.ts';
import { callRecordExample } from '@callgate/shared/contract/record.ts';
import { challengeLimits } from '@callgate/shared/limits.ts';
import { digestChallenges, digestNonce } from '@callgate/shared/sip/digest-challenge.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../clock.fake.ts';
import { PartError } from '../part-error.ts';
import { FakeEdge, settled } from './edge-client.fake.ts';
import { KnownChallenges } from './known-challenges.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
const credentials = { header: 'proxy-authorization', value: 'Digest username="alice"' } as const;
const { join } = decisionExamples;
const next = nextChallenge.parse(join.next_challenge);
const { min_revision: revision } = offerExample;

let clock: FakeClock;
let edge: FakeEdge;
let linkNumber: number | null;
let challenges: KnownChallenges;
beforeEach(() => {
  // An hour off: the edge's time counts.
  clock = new FakeClock(next.issued_at_ms + 3_600_000);
  edge = new FakeEdge();
  linkNumber = 1;
  challenges = new KnownChallenges({ edge, clock, linkNumber: () => linkNumber });
});

/** An INVITE with credentials, and what the edge decides. */
async function answered(decision: Decision, changes: Partial<Offer> = {}): Promise<Decision> {
  const deciding = challenges.decide({ ...offerExample, credentials, ...changes }, traceparent);
  await edge.answer(decision);
  return deciding;
}

const letIn = (given: Partial<NextChallenge> = {}, changes: Partial<Offer> = {}) =>
  answered({ ...join, revision, next_challenge: { ...next, ...given } }, changes);
const known = (changes: Partial<Offer> = {}) =>
  challenges.knownChallenge({ ...offerExample, ...changes });

describe('a challenge that the edge has given the node to say', () => {
  it('is said to the next INVITE from the same source to the same number, as the edge would', async () => {
    expect(known()).toBeNull();
    await letIn();
    clock.advance(1_234.5);
    const { realm, algorithms, nonce_key, issued_at_ms } = next;
    const nonce = digestNonce(nonce_key, issued_at_ms + 1_234, 'another call');
    expect(known({ sip_call_id: 'another call' })).toEqual({
      kind: 'challenge',
      revision,
      trunk_id: join.trunk_id,
      status: 407,
      challenges: digestChallenges({ realm, algorithms, nonce }),
      reason: 'challenge-unanswered',
    } satisfies ChallengeDecision);
    expect(edge.offers).toHaveLength(1);
    expect(challenges.said).toBe(1);
  });

  it('comes with a question for a PIN, too', async () => {
    const ask = decisionExamples['ask-pin'];
    await answered({ ...ask, revision, next_challenge: next });
    expect(known()).toMatchObject({ trunk_id: ask.trunk_id });
  });

  it.each([
    ['with credentials', { credentials }],
    ['from another address', { source: { ...offerExample.source, address: '203.0.113.8' } }],
    ['to another number', { to: { ...offerExample.to, user: '+15550101' } }],
    ['to the same number in another spelling', { to: { ...offerExample.to, user: '+1 555 0100' } }],
  ])('is not said to an INVITE %s', async (_what, changes) => {
    await letIn();
    expect(known(changes)).toBeNull();
  });

  it('is said whoever calls and whatever the called host is', async () => {
    await letIn();
    const source = { ...offerExample.source, port: 5099, transport: 'tls' as const };
    const from = { ...offerExample.from, user: 'mallory', host: 'example.org' };
    const to = { ...offerExample.to, host: 'example.org' };
    expect(known({ source, from, to })).not.toBeNull();
  });

  it('is over as soon as the node has seen a newer revision', async () => {
    await letIn();
    expect(known({ min_revision: revision + 1 })).toBeNull();
  });

  it('holds on a revision that is newer than the newest the node has been told of', async () => {
    await answered({ ...join, revision: revision + 1, next_challenge: next });
    expect(known()).toMatchObject({ revision: revision + 1 });
  });

  it('is not said while nobody would tell the node of a change', async () => {
    await letIn();
    linkNumber = null;
    expect(known()).toBeNull();
    linkNumber = 1;
    expect(known()).not.toBeNull();
  });

  it.each([
    ['another link, which another deployment may have answered', 2],
    ['no link', null],
  ])('is not said when it was given under %s', async (_what, before) => {
    linkNumber = before;
    await letIn();
    linkNumber = 3;
    expect(known()).toBeNull();
  });

  it('is good for as long as its key', async () => {
    await letIn({ good_ms: 5_000 });
    clock.advance(4_999);
    expect(known()).not.toBeNull();
    clock.advance(1);
    expect(known()).toBeNull();
  });

  it('is never good for longer than keys are, whatever the edge says', async () => {
    await letIn({ good_ms: challengeLimits.nonceWindowMs * 2 });
    clock.advance(challengeLimits.nonceWindowMs + 1);
    expect(known()).toBeNull();
  });

  it('is said again with the key that came with a call to another number of that source', async () => {
    await letIn({ good_ms: 1_000 });
    clock.advance(2_000);
    const to = { ...offerExample.to, user: '+15550101' };
    await letIn({ issued_at_ms: next.issued_at_ms + 2_000 }, { to });
    clock.advance(500);
    const [text = ''] = known()?.challenges ?? [];
    expect(text).toContain(
      digestNonce(next.nonce_key, next.issued_at_ms + 2_500, offerExample.sip_call_id),
    );
  });

  it('is forgotten an hour after the last call that was let in', async () => {
    await letIn();
    clock.advance(challengeLimits.placeMs + 1);
    await letIn({}, { to: { ...offerExample.to, user: '+15550101' } });
    expect(known()).toBeNull();
  });

  it('is said for so many numbers at most', async () => {
    const number = (index: number) => ({ to: { ...offerExample.to, user: `+1555${index}` } });
    for (let index = 0; index <= challengeLimits.placesMax; index += 1)
      await letIn({}, number(index));
    expect(known(number(0))).toBeNull();
    expect(known(number(1))).not.toBeNull();
  });
});

describe('what was known is not said again when', () => {
  const { challenge, refuse } = decisionExamples;
  const other = { to: { ...offerExample.to, user: '+15550101' } };
  const without = { ...join, next_challenge: undefined };
  it.each<[string, Decision, boolean]>([
    ['the password was wrong', { ...challenge, reason: 'bad-credentials', is_guess: true }, true],
    [
      'the nonce was none of the edge',
      { ...challenge, reason: 'bad-credentials', is_guess: false },
      false,
    ],
    ['the nonce was too old', challenge, false],
    ['the caller is refused', refuse, false],
    ['an edge lets the caller in that no longer says it', without, false],
  ])('%s', async (_what, decision, isKeyGood) => {
    await letIn();
    await letIn({}, other);
    await answered(decision);
    expect(known()).toBeNull();
    // The key goes with it, unless a password was tried with it.
    expect(known(other) !== null).toBe(isKeyGood);
    await letIn();
    expect(known()).not.toBeNull();
  });

  it('the edge cannot be asked, or does not know the node any more', async () => {
    await letIn();
    const deciding = challenges.decide({ ...offerExample, credentials }, traceparent);
    await edge.fail(new PartError('edge-refused-node', 'HTTP 401'));
    await expect(deciding).rejects.toMatchObject({ reason: 'edge-refused-node' });
    expect(known()).toBeNull();
  });

  it('but a question without credentials changes nothing', async () => {
    await letIn();
    await answered(challenge, { credentials: null });
    expect(known()).not.toBeNull();
  });
});

it('is in nobody’s way for the rest', async () => {
  const answer = { contract: 2, ticket: 'v1.b64…', digits: '4711' } as const;
  const joining = challenges.answerPin(offerExample.call_id, answer, traceparent);
  await edge.answer(join);
  expect(await joining).toBe(join);
  challenges.progress(callProgressExample);
  challenges.deliver(callRecordExample);
  await settled();
  expect([edge.pins.length, edge.reports.length, edge.records.length]).toEqual([1, 1, 1]);
});
