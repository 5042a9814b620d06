/**
 * What the edge gives a node to say to the next caller is what it would say itself: for random tables, and any caller from that source to that number. An edge that
 * is not certain gives nothing.
 */
import type { Decision, NextChallenge } from '@callgate/shared/contract/decision.ts';
import { type Offer, offerExample } from '@callgate/shared/contract/offer.ts';
import { challengeLimits } from '@callgate/shared/limits.ts';
import { inboundTrunkFault } from '@callgate/shared/livekit-api/validate-trunk.ts';
import { routedCall, routingSet } from '@callgate/shared/routing/arbitrary-routing.fake.ts';
import { findConflicts } from '@callgate/shared/routing/conflicts.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';
import { digestChallenges, digestNonce } from '@callgate/shared/sip/digest-challenge.ts';
import { SIPInboundTrunkInfo } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { credentialsFor, decide } from '../../testdata/phone.ts';
import { putRouting } from '../../testdata/requests.ts';

const alice = { username: 'alice', password: 'wonderland' };
const number = offerExample.to.user;
const closedTrunk = {
  sip_trunk_id: 'ST_closed',
  numbers: [number],
  auth_username: alice.username,
  auth_password: alice.password,
};
const lobby = { rule: { dispatch_rule_direct: { room_name: 'lobby' } } };

/** A call that answers the challenge it gets. */
async function callIn(changes: Partial<Offer> = {}): Promise<Decision> {
  const challenge = await decide(changes);
  if (challenge.kind !== 'challenge') return challenge;
  return await decide({ ...changes, credentials: credentialsFor(challenge, alice) });
}

function nextOf(decision: Decision): NextChallenge | undefined {
  return 'next_challenge' in decision ? decision.next_challenge : undefined;
}

/** Header values as a node makes them of what it was given. */
function saidBy({ realm, algorithms, nonce_key, issued_at_ms }: NextChallenge): string[] {
  const nonce = digestNonce(nonce_key, issued_at_ms, offerExample.sip_call_id);
  return digestChallenges({ realm, algorithms, nonce });
}

const withoutNonces = (texts: readonly string[]) =>
  texts.map((text) => text.replace(/nonce="\w+"/, 'nonce'));

async function put(trunks: object[], rules: object[] = [lobby]): Promise<number> {
  return (await putRouting({ trunks, rules })).revision;
}

describe('a caller who is let in by credentials', () => {
  it('lets the node challenge the next one, whose answer is right', async () => {
    const min_revision = await put([closedTrunk]);
    const next = nextOf(await callIn({ min_revision }));
    if (next === undefined) throw new Error('nothing is given');
    const { nonce_key, issued_at_ms, good_ms, ...rest } = next;
    expect(rest).toEqual({ status: 407, realm: 'LiveKit', algorithms: ['SHA-256', 'MD5'] });
    const challenge: Decision = {
      kind: 'challenge',
      revision: min_revision,
      trunk_id: 'ST_closed',
      status: 407,
      challenges: saidBy({ ...next, issued_at_ms: issued_at_ms + 1 }),
      reason: 'challenge-unanswered',
    };
    const from = { ...offerExample.from, user: '+15550177' };
    const credentials = credentialsFor(challenge, alice);
    expect(await decide({ from, credentials })).toMatchObject({ kind: 'join' });
    expect(good_ms).toBeGreaterThan(0);
    // It is a key of this source alone.
    const source = { ...offerExample.source, address: '203.0.113.8' };
    expect(await decide({ source, credentials })).toMatchObject({ is_guess: false });
    expect(nextOf(await callIn({ source }))?.nonce_key).not.toBe(nonce_key);
  });

  it('lets the node challenge the next one also when asked for a PIN first', async () => {
    const rule = { dispatch_rule_direct: { room_name: 'lobby', pin: '4711' } };
    const min_revision = await put([closedTrunk], [{ rule }]);
    const decision = await callIn({ min_revision });
    expect(decision.kind).toBe('ask-pin');
    expect(nextOf(decision)).toBeDefined();
  });

  const open = {
    sip_trunk_id: 'ST_other',
    allowed_numbers: ['+15550177'],
    allowed_addresses: [offerExample.source.address],
  };
  it.each<[string, object[]]>([
    ['names its callers', [{ ...closedTrunk, allowed_numbers: [offerExample.from.user] }]],
    [
      'stands beside one that takes another caller to that number',
      [closedTrunk, { ...open, numbers: [number] }],
    ],
    [
      'takes any number beside one that takes another caller to that one',
      [
        { ...closedTrunk, numbers: [] },
        { ...open, numbers: [number] },
      ],
    ],
    [
      'takes any number beside another that takes another caller',
      [{ ...closedTrunk, numbers: [] }, open],
    ],
    [
      'has a realm longer than nodes take',
      [{ ...closedTrunk, auth_realm: 'r'.repeat(challengeLimits.realmCharactersMax + 1) }],
    ],
    ['asks for no password', [{ ...closedTrunk, auth_username: '', auth_password: '' }]],
  ])('tells the node nothing when its trunk %s', async (_what, trunks) => {
    const min_revision = await put(trunks);
    const decision = await callIn({ min_revision });
    expect(decision.kind).toBe('join');
    expect(decision).not.toHaveProperty('next_challenge');
  });

  it('is not kept from telling by a trunk for any number that names callers: this one goes first', async () => {
    const min_revision = await put([closedTrunk, open]);
    expect(nextOf(await callIn({ min_revision }))).toBeDefined();
  });
});

describe('a caller who is not let in', () => {
  it.each<[string, Partial<Offer>]>([
    ['without credentials', {}],
    ['with wrong ones', { credentials: { header: 'authorization', value: 'Digest no' } }],
  ])('%s tells the node nothing', async (_what, changes) => {
    const min_revision = await put([closedTrunk]);
    const decision = await decide({ min_revision, ...changes });
    expect(decision.kind).toBe('challenge');
    expect(JSON.stringify(decision)).not.toContain('nonce_key');
  });

  it('tells the node nothing when its credentials were right but no rule takes it', async () => {
    const min_revision = await put([closedTrunk], []);
    const decision = await callIn({ min_revision });
    expect(decision.kind).toBe('refuse');
    expect(decision).not.toHaveProperty('next_challenge');
  });
});

/** Random tables without conflicts, most trunks of which ask for a password, in one of three ways. */
const demands = [
  {},
  { authUsername: alice.username, authPassword: alice.password },
  { authUsername: alice.username, authPassword: alice.password, authRealm: 'example' },
  {
    authUsername: alice.username,
    authPassword: alice.password,
    metadata: JSON.stringify({ callgate: { digest_algorithms: ['MD5'] } }),
  },
];
const closedSet = fc
  .tuple(
    routingSet,
    fc.array(
      fc.record({
        demand: fc.constantFrom(...demands, ...demands.slice(1)),
        namesCallers: fc.constantFrom(false, false, true),
      }),
      { minLength: 6, maxLength: 6 },
    ),
  )
  .map(([{ trunks: wanted }, asked]) => {
    const trunks: SIPInboundTrunkInfo[] = [];
    for (const [index, trunk] of wanted.entries()) {
      const { demand = {}, namesCallers = false } = asked[index] ?? {};
      const allowedNumbers = namesCallers ? trunk.allowedNumbers : [];
      const closed = new SIPInboundTrunkInfo({ ...trunk, ...demand, allowedNumbers });
      const fits = findConflicts({ trunks: [...trunks, closed], rules: [] }).length === 0;
      if (fits && inboundTrunkFault(closed) === null) trunks.push(closed);
    }
    return trunks;
  });

const offerFrom = (call: RoutedCall, caller: RoutedCall): Partial<Offer> => ({
  source: {
    ...offerExample.source,
    address: call.source === '' ? '192.0.2.9' : call.source,
  },
  from: { ...offerExample.from, user: caller.fromUser, host: caller.fromHost },
  to: { user: call.toUser, host: offerExample.to.host },
});

it('is told nothing else than this edge would answer any caller from that source to that number', async () => {
  let given = 0;
  await fc.assert(
    fc.asyncProperty(
      closedSet,
      fc.array(routedCall, { minLength: 3, maxLength: 3 }),
      fc.array(routedCall, { minLength: 3, maxLength: 3 }),
      async (trunks, calls, callers) => {
        const min_revision = await put(trunks.map((trunk) => trunk.toJson() as object));
        for (const call of calls) {
          const decision = await callIn({ ...offerFrom(call, call), min_revision });
          const next = nextOf(decision);
          if (next === undefined) continue;
          given += 1;
          for (const caller of callers) {
            const asked = await decide({ ...offerFrom(call, caller), min_revision });
            expect(asked).toMatchObject({
              kind: 'challenge',
              reason: 'challenge-unanswered',
              revision: decision.revision,
              trunk_id: decision.trunk_id,
              status: next.status,
            });
            const said = asked.kind === 'challenge' ? asked.challenges : [];
            expect(withoutNonces(said)).toEqual(withoutNonces(saidBy(next)));
          }
        }
      },
    ),
    { numRuns: 30 },
  );
  expect(given).toBeGreaterThan(2);
});
