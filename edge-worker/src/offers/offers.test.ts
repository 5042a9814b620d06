import { decision as decisionSchema } from '@callgate/shared/contract/decision.ts';
import { TokenVerifier } from 'livekit-server-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { testApiKey, testApiSecret } from '../../testdata/bindings.ts';
import { credentialsFor, decide, offerOf } from '../../testdata/phone.ts';
import { apiAuthorization, asNode, putRouting, send } from '../../testdata/requests.ts';

const openTrunk = { sip_trunk_id: 'ST_open', numbers: ['+15550100'] };
const closedTrunk = {
  sip_trunk_id: 'ST_closed',
  numbers: ['+15550100'],
  auth_username: 'alice',
  auth_password: 'wonderland',
};
const lobby = {
  sip_dispatch_rule_id: 'SDR_lobby',
  rule: { dispatch_rule_direct: { room_name: 'lobby' } },
};

describe('an offer', () => {
  it('of an accepted call gets a room, a participant, limits and a media policy', async () => {
    const { revision } = await putRouting({
      trunks: [
        {
          ...openTrunk,
          headers: { 'X-Served-By': 'callgate' },
          attributes_to_headers: { ticket: 'X-Ticket' },
          ringing_timeout: '30s',
          max_call_duration: '3600s',
          media: { codecs: [{ name: 'PCMU', rate: 8000 }], media_timeout: '20s' },
        },
      ],
      rules: [lobby],
    });
    const decision = decisionSchema.parse(await decide({ min_revision: revision }));
    expect(decision).toEqual({
      kind: 'join',
      revision,
      trunk_id: 'ST_open',
      rule_id: 'SDR_lobby',
      room: { name: 'lobby', url: 'wss://livekit.test', token: expect.any(String) },
      participant: { identity: 'sip_+15550199', name: 'Phone +15550199' },
      limits: {
        ringing_timeout_ms: 30_000,
        max_call_duration_ms: 3_600_000,
        media_timeout_ms: 20_000,
      },
      media: {
        only_listed_codecs: false,
        codecs: [{ name: 'PCMU', rate: 8000 }],
        encryption: 'disable',
      },
      headers: { 'X-Served-By': 'callgate' },
      attributes_to_headers: { ticket: 'X-Ticket' },
    });
  });

  it("of an accepted call gets LiveKit's limits where nothing else is said", async () => {
    const { revision } = await putRouting({ trunks: [openTrunk], rules: [lobby] });
    expect(await decide({ min_revision: revision })).toMatchObject({
      limits: {
        ringing_timeout_ms: 180_000,
        max_call_duration_ms: 86_400_000,
        media_timeout_ms: 15_000,
      },
    });
  });

  it('to a number that no trunk has is refused with a sentence', async () => {
    const { revision } = await putRouting({ trunks: [openTrunk], rules: [lobby] });
    const decision = await decide({
      min_revision: revision,
      to: { user: '+15550111', host: 'sip.example.com' },
    });
    expect(decision).toMatchObject({
      kind: 'refuse',
      trunk_id: null,
      reason: 'no-trunk',
      revision,
    });
    expect(decision.kind === 'refuse' && decision.explanation).toContain('+15550111');
  });

  it('that no rule takes is refused with a sentence', async () => {
    const { revision } = await putRouting({ trunks: [openTrunk] });
    const decision = await decide({ min_revision: revision });
    expect(decision).toMatchObject({ kind: 'refuse', trunk_id: 'ST_open', reason: 'no-rule' });
    expect(decision.kind === 'refuse' && decision.explanation).toContain('ST_open');
  });

  it('is decided on what was changed a moment ago, without being told its revision', async () => {
    await putRouting({});
    expect(await decide()).toMatchObject({ reason: 'no-trunk' });
    await putRouting({ trunks: [openTrunk], rules: [lobby] });
    expect(await decide()).toMatchObject({ kind: 'join' });
  });

  it('is never decided on routing older than the node has seen', async () => {
    await putRouting({ trunks: [openTrunk], rules: [lobby] });
    expect(await decide()).toMatchObject({ kind: 'join' });
    const { revision } = await putRouting({ rules: [lobby] });
    expect(await decide({ min_revision: revision })).toMatchObject({
      reason: 'no-trunk',
      revision,
    });
  });

  it('is taken from nodes only', async () => {
    const admin = await apiAuthorization({ admin: true });
    for (const authorization of ['Bearer wrong', admin]) {
      const response = await send('POST', '/v1/offers', offerOf(), { authorization });
      expect(response.status).toBe(401);
    }
    expect((await send('POST', '/v1/offers', offerOf())).status).toBe(401);
  });

  it('of another version of the contract gets an error that names both', async () => {
    const response = await asNode('POST', '/v1/offers', { contract: 7 });
    expect(await response.json()).toMatchObject({
      code: 'contract-version',
      detail:
        'contract: this edge speaks versions 1 to 2, the node speaks 7; bring the edge up to date first',
    });
  });
});

describe('a challenge', () => {
  beforeEach(async () => {
    await putRouting({ trunks: [closedTrunk], rules: [lobby] });
  });

  it('comes first, as 407 with the realm LiveKit', async () => {
    const decision = await decide();
    expect(decisionSchema.parse(decision)).toMatchObject({
      kind: 'challenge',
      trunk_id: 'ST_closed',
      status: 407,
      reason: 'challenge-unanswered',
      challenges: [
        expect.stringMatching(
          /^Digest realm="LiveKit", nonce="\w+", algorithm=SHA-256, qop="auth"$/,
        ),
        expect.stringMatching(/^Digest realm="LiveKit", nonce="\w+", algorithm=MD5, qop="auth"$/),
      ],
    });
  });

  it('offers what the trunk says instead', async () => {
    const metadata = JSON.stringify({ callgate: { digest_algorithms: ['MD5'] } });
    const { revision } = await putRouting({
      trunks: [{ ...closedTrunk, metadata }],
      rules: [lobby],
    });
    const challenge = await decide({ min_revision: revision });
    expect(challenge).toMatchObject({ challenges: [expect.stringContaining('algorithm=MD5')] });
    const credentials = credentialsFor(challenge, { username: 'alice', password: 'wonderland' });
    expect(await decide({ credentials })).toMatchObject({ kind: 'join' });
  });

  it('is the same for a wrong user as for a wrong password, but for its nonce', async () => {
    const challenge = await decide();
    const answers = await Promise.all(
      [
        { username: 'bob', password: 'wonderland' },
        { username: 'alice', password: 'looking-glass' },
      ].map((who) => decide({ credentials: credentialsFor(challenge, who) })),
    );
    const [wrongUser, wrongPassword] = answers.map((answer) =>
      JSON.stringify(answer).replace(/nonce=\\"\w+/g, 'nonce='),
    );
    expect(wrongUser).toBe(wrongPassword);
    expect(wrongUser).toContain('bad-credentials');
  });

  it('is met by the right answer, in either header', async () => {
    const challenge = await decide();
    const credentials = credentialsFor(challenge, { username: 'alice', password: 'wonderland' });
    const right = { kind: 'join', credentials_are_right: true };
    expect(await decide({ credentials })).toMatchObject(right);
    const value = credentials?.value ?? '';
    expect(await decide({ credentials: { header: 'authorization', value } })).toMatchObject({
      kind: 'join',
    });
  });

  it.each([
    ['a wrong password', { username: 'alice', password: 'wrong' }],
    ['a wrong user', { username: 'bob', password: 'wonderland' }],
  ])('follows %s again, and looks the same', async (_what, user) => {
    const first = await decide();
    const second = await decide({ credentials: credentialsFor(first, user) });
    expect(second).toMatchObject({ kind: 'challenge', status: 407, reason: 'bad-credentials' });
    const third = await decide({
      credentials: credentialsFor(second, { username: 'alice', password: 'wonderland' }),
    });
    expect(third).toMatchObject({ kind: 'join' });
  });

  it('is bound to the source of the call', async () => {
    const credentials = credentialsFor(await decide(), {
      username: 'alice',
      password: 'wonderland',
    });
    const source = { address: '203.0.113.8', port: 5060, transport: 'udp' as const };
    expect(await decide({ credentials, source })).toMatchObject({ kind: 'challenge' });
  });

  it('tells whether what came tried a password: an answer to a challenge of another call does not', async () => {
    const credentials = credentialsFor(await decide(), { username: 'alice', password: 'wrong' });
    const bad = { kind: 'challenge', reason: 'bad-credentials' };
    expect(await decide({ credentials })).toMatchObject({ ...bad, is_guess: true });
    expect(await decide({ credentials, sip_call_id: 'another' })).toMatchObject({
      ...bad,
      is_guess: false,
    });
  });

  it('makes no credentials right that a trunk does not ask for', async () => {
    const challenge = await decide();
    const credentials = credentialsFor(challenge, { username: 'alice', password: 'wonderland' });
    const { revision } = await putRouting({ trunks: [openTrunk], rules: [lobby] });
    const joined = await decide({ credentials, min_revision: revision });
    expect(joined.kind).toBe('join');
    expect(joined).not.toHaveProperty('credentials_are_right');
  });

  it('uses the realm of the trunk', async () => {
    const { revision } = await putRouting({
      trunks: [{ ...closedTrunk, auth_realm: 'example' }],
      rules: [lobby],
    });
    const challenge = await decide({ min_revision: revision });
    expect(challenge).toMatchObject({
      challenges: Array(2).fill(expect.stringContaining('realm="example"')),
    });
    const credentials = credentialsFor(challenge, { username: 'alice', password: 'wonderland' });
    expect(await decide({ credentials, min_revision: revision })).toMatchObject({ kind: 'join' });
  });

  it('takes a password that was changed a moment ago', async () => {
    const before = await putRouting({ trunks: [closedTrunk], rules: [lobby] });
    await decide({ min_revision: before.revision });
    const { revision } = await putRouting({
      trunks: [{ ...closedTrunk, auth_password: 'looking-glass' }],
      rules: [lobby],
    });
    const challenge = await decide();
    const credentials = credentialsFor(challenge, { username: 'alice', password: 'looking-glass' });
    expect(await decide({ credentials })).toMatchObject({ kind: 'join', revision });
  });
});

describe('the room token', () => {
  async function claimsOf(changes: Parameters<typeof decide>[0] = {}) {
    const decision = await decide(changes);
    if (decision.kind !== 'join') throw new Error(JSON.stringify(decision));
    return new TokenVerifier(testApiKey, testApiSecret).verify(decision.room.token);
  }

  it('opens one room to one identity, to speak, listen and send digits, for ten minutes', async () => {
    const { revision } = await putRouting({
      trunks: [{ ...openTrunk, headers_to_attributes: { 'x-ticket': 'ticket', 'X-None': 'none' } }],
      rules: [{ ...lobby, metadata: 'from the rule', attributes: { team: 'blue' } }],
    });
    const claims = await claimsOf({ min_revision: revision });
    const { exp = 0, nbf = 0, ...rest } = claims;
    expect(exp - nbf).toBe(600);
    expect(rest).toEqual({
      iss: testApiKey,
      sub: 'sip_+15550199',
      name: 'Phone +15550199',
      kind: 'sip',
      metadata: 'from the rule',
      video: {
        roomJoin: true,
        room: 'lobby',
        canPublish: true,
        canPublishSources: ['microphone'],
        canSubscribe: true,
        canPublishData: true,
        canUpdateOwnMetadata: true,
      },
      attributes: {
        team: 'blue',
        ticket: '4711',
        'sip.callID': 'SCL_4xYpQ2mNkT7w',
        'sip.callIDFull': '3848276298220188511@203.0.113.7',
        'sip.callTag': 'a73kszlfl',
        'sip.callStatus': 'ringing',
        'sip.trunkID': 'ST_open',
        'sip.ruleID': 'SDR_lobby',
        'sip.phoneNumber': '+15550199',
        'sip.trunkPhoneNumber': '+15550100',
        'sip.hostname': '203.0.113.7',
      },
    });
  });

  it('hides the caller when the rule says so', async () => {
    const { revision } = await putRouting({
      trunks: [openTrunk],
      rules: [{ ...lobby, hide_phone_number: true }],
    });
    const claims = await claimsOf({ min_revision: revision });
    expect(claims.sub).toMatch(/^sip_[0-9a-f]{16}$/);
    expect(claims.name).toBe('Phone 0199');
    expect(Object.keys(claims.attributes ?? {})).not.toContain('sip.phoneNumber');
    expect(JSON.stringify(claims)).not.toContain('+15550199');
  });

  it('carries room preset and room configuration, agents included', async () => {
    const { revision } = await putRouting({
      trunks: [openTrunk],
      rules: [
        {
          ...lobby,
          room_preset: 'support',
          room_config: { empty_timeout: 60, agents: [{ agent_name: 'answerer', metadata: 'm' }] },
        },
      ],
    });
    expect(await claimsOf({ min_revision: revision })).toMatchObject({
      roomPreset: 'support',
      roomConfig: { emptyTimeout: 60, agents: [{ agentName: 'answerer', metadata: 'm' }] },
    });
  });

  it('names a room of its own for each call of an individual rule', async () => {
    const { revision } = await putRouting({
      trunks: [openTrunk],
      rules: [{ ...lobby, rule: { dispatch_rule_individual: { room_prefix: 'call' } } }],
    });
    const rooms = new Set<unknown>();
    for (let call = 0; call < 3; call += 1)
      rooms.add((await claimsOf({ min_revision: revision })).video?.room);
    expect(rooms.size).toBe(3);
    for (const room of rooms) expect(room).toMatch(/^call_\+15550199_[2-9A-HJ-NP-Za-km-z]{12}$/);
  });
});
