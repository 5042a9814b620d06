import { createHash } from 'node:crypto';
import { challengeLimits, edgeLimits } from '@callgate/shared/limits.ts';
import { digestNonce } from '@callgate/shared/sip/digest-challenge.ts';
import { describe, expect, it } from 'vitest';
import { challengesOf, judgeDigest } from './digest.ts';
import { digestCredential } from './digest-algorithms.ts';
import { issueNonce, judgeNonce, type NonceScope, nonceKey, nonceKeyLeftMs } from './nonce.ts';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const scope: NonceScope = {
  secret: 'a secret of the edge',
  source: '203.0.113.7',
  sipCallId: 'a84b4c76e66710',
  realm: 'LiveKit',
};
const credential = digestCredential('alice', 'LiveKit', 'wonderland');
const nowMs = 1_795_000_000_000;
const targets = [{ user: '+15550100', host: 'sip.example.com' }];

/** Answers a challenge as a SIP phone does. */
function answer(challenge: string, changes: Record<string, string> = {}): string {
  const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
  const parts = {
    username: 'alice',
    password: 'wonderland',
    realm: 'LiveKit',
    nonce,
    uri: 'sip:+15550100@sip.example.com',
    cnonce: '0a4f113b',
    nc: '00000001',
    qop: 'auth',
    algorithm: 'MD5',
    ...changes,
  };
  const hash = parts.algorithm.toUpperCase() === 'SHA-256' ? sha256 : md5;
  const ha1 = hash(`${parts.username}:${parts.realm}:${parts.password}`);
  const ha2 = hash(`INVITE:${parts.uri}`);
  const middle =
    parts.qop === '' ? parts.nonce : `${parts.nonce}:${parts.nc}:${parts.cnonce}:${parts.qop}`;
  const response = changes['response'] ?? hash(`${ha1}:${middle}:${ha2}`);
  const qop =
    parts.qop === '' ? '' : `, qop=${parts.qop}, nc=${parts.nc}, cnonce="${parts.cnonce}"`;
  return (
    `Digest username="${parts.username}", realm="${parts.realm}", nonce="${parts.nonce}", ` +
    `uri="${parts.uri}", response="${response}", algorithm=${parts.algorithm}${qop}`
  );
}

const challenge = () => challengesOf(scope, ['MD5'], nowMs, false)[0] ?? '';
const judge = (value: string, changes: Partial<Parameters<typeof judgeDigest>[0]> = {}) =>
  judgeDigest({
    value,
    method: 'INVITE',
    targets,
    credential,
    scope,
    offered: ['MD5'],
    nowMs,
    ...changes,
  });

describe('digest', () => {
  it('offers MD5 with qop=auth and the realm of the trunk', () => {
    expect(challenge()).toMatch(
      /^Digest realm="LiveKit", nonce="[0-9a-f]{44}", algorithm=MD5, qop="auth"$/,
    );
  });

  it('offers SHA-256 before MD5 where the deployment wants both, and takes an answer to either', () => {
    const offered = ['SHA-256', 'MD5'] as const;
    const [first = '', second = ''] = challengesOf(scope, offered, nowMs, false);
    expect(first).toContain('algorithm=SHA-256');
    expect(second).toContain('algorithm=MD5');
    expect(judge(answer(first, { algorithm: 'SHA-256' }), { offered })).toBe('right');
    expect(judge(answer(second), { offered })).toBe('right');
  });

  it('takes no answer by an algorithm that this deployment does not offer (RFC 8760)', () => {
    expect(judge(answer(challenge()), { offered: ['SHA-256'] })).toBe('wrong');
    expect(judge(answer(challenge(), { algorithm: 'SHA-256' }))).toBe('wrong');
  });

  it('uses one nonce for all challenges of one answer', () => {
    const nonces = challengesOf(scope, ['SHA-256', 'MD5'], nowMs, false).map(
      (c) => /nonce="(\w+)"/.exec(c)?.[1],
    );
    expect(new Set(nonces).size).toBe(1);
  });

  it('quotes a realm that holds quotes', () => {
    expect(challengesOf({ ...scope, realm: 'a "b" \\c' }, ['MD5'], nowMs, false)[0]).toContain(
      'realm="a \\"b\\" \\\\c"',
    );
  });

  it('takes the right answer', () => {
    expect(judge(answer(challenge()))).toBe('right');
  });

  it.each([
    ['the host alone as uri', { uri: 'sip:sip.example.com' }],
    ['the host alone with a port, without scheme', { uri: 'sip.example.com:5060' }],
    [
      'a port and parameters in the uri',
      { uri: 'sip:+15550100@SIP.example.com:5060;transport=udp' },
    ],
    ['an escaped user in the uri', { uri: 'sip:%2B15550100@sip.example.com' }],
    ['the algorithm in lower case', { algorithm: 'md5' }],
  ])('takes the right answer with %s', (_what, changes) => {
    expect(judge(answer(challenge(), changes))).toBe('right');
  });

  it.each([
    ['another password', { password: 'Wonderland' }],
    ['another user', { username: 'bob' }],
    ['another realm', { realm: 'example' }],
    ['another called number in the uri', { uri: 'sip:+15550101@sip.example.com' }],
    ['another host in the uri', { uri: 'sip:+15550100@sip.example.org' }],
    ['qop=auth-int', { qop: 'auth-int' }],
    ['an algorithm that was not offered', { algorithm: 'MD5-sess' }],
    ['an empty response', { response: '' }],
  ])('calls an answer with %s wrong', (_what, changes) => {
    expect(judge(answer(challenge(), changes))).toBe('wrong');
  });

  it.each([
    'Basic YWxpY2U6d29uZGVybGFuZA==',
    'Digest',
    'Digest username="alice"',
    `${'Digest username="alice", realm="LiveKit", nonce="x", uri="sip:x", response="y", '}response="z"`,
    'Digest username="alice, realm="LiveKit"',
    `Digest ${'a='.repeat(500)}`,
  ])('calls %j foreign: it answers no challenge', (value) => {
    expect(judge(value)).toBe('foreign');
  });

  it.each([
    ['a nonce that was never issued', { nonce: '018f0000000000000000000000000000000000000000' }],
    ['an empty nonce', { nonce: '' }],
    ['no qop, which could be replayed', { qop: '' }],
    ['a nonce count that is none', { nc: '1' }],
    ['a nonce that was never issued and a wrong password', { nonce: '', password: 'Wonderland' }],
    ['such a nonce, and an algorithm that was not offered', { nonce: '', algorithm: 'MD5-sess' }],
  ])('calls an answer with %s foreign, never right', (_what, changes) => {
    expect(judge(answer(challenge(), changes))).toBe('foreign');
  });

  it('reads escaped quotes in the user', () => {
    const credential = digestCredential('a"b', 'LiveKit', 'wonderland');
    const ha1 = md5('a"b:LiveKit:wonderland');
    const nonce = /nonce="([^"]+)"/.exec(challenge())?.[1] ?? '';
    const uri = 'sip:+15550100@sip.example.com';
    const response = md5(`${ha1}:${nonce}:00000001:c:auth:${md5(`INVITE:${uri}`)}`);
    const value = `Digest username="a\\"b",realm="LiveKit",nonce="${nonce}",uri="${uri}",response="${response}",qop=auth,nc=00000001,cnonce="c"`;
    expect(judge(value, { credential })).toBe('right');
  });

  it('calls a right answer to an expired nonce stale, and a wrong one wrong', () => {
    const old = challenge();
    const later = nowMs + edgeLimits.nonceAgeMs + 1;
    expect(judge(answer(old), { nowMs: later })).toBe('stale');
    expect(judge(answer(old, { password: 'x' }), { nowMs: later })).toBe('wrong');
    expect(challengesOf(scope, ['MD5'], later, true)[0]).toContain(', stale=true,');
  });

  it('takes no nonce from another source, call, edge or from the future', () => {
    const judgedIn = (changes: Partial<NonceScope>) =>
      judge(answer(challenge()), { scope: { ...scope, ...changes } });
    expect(judgedIn({ source: '203.0.113.8' })).toBe('foreign');
    expect(judgedIn({ sipCallId: 'another' })).toBe('foreign');
    expect(judgedIn({ secret: 'another secret' })).toBe('foreign');
    expect(judge(answer(challenge()), { nowMs: nowMs - 60_000 })).toBe('foreign');
  });

  it('takes no answer for another method', () => {
    expect(judge(answer(challenge()), { method: 'BYE' })).toBe('wrong');
  });
});

describe('the key of nonces', () => {
  const { nonceWindowMs } = challengeLimits;
  const windowStartMs = Math.ceil(nowMs / nonceWindowMs) * nonceWindowMs;

  it('makes the nonces that the edge makes, and that it takes', () => {
    const nonce = digestNonce(nonceKey(scope, nowMs), nowMs, scope.sipCallId);
    expect(nonce).toBe(issueNonce(scope, nowMs));
    expect(judge(answer(challenge(), { nonce }))).toBe('right');
  });

  it('is good to the end of its window and no further', () => {
    const key = nonceKey(scope, windowStartMs);
    expect(nonceKeyLeftMs(windowStartMs)).toBe(nonceWindowMs);
    expect(nonceKeyLeftMs(windowStartMs + nonceWindowMs - 1)).toBe(1);
    const judgeAt = (timeMs: number) =>
      judgeNonce(scope, digestNonce(key, timeMs, scope.sipCallId), timeMs);
    expect(judgeAt(windowStartMs + nonceWindowMs - 1)).toBe('fresh');
    expect(judgeAt(windowStartMs + nonceWindowMs)).toBe('foreign');
    expect(judgeAt(windowStartMs - 1)).toBe('foreign');
  });

  it('is no key of another source, realm or edge', () => {
    const key = nonceKey(scope, nowMs);
    const changes = [{ source: '203.0.113.8' }, { realm: 'example' }, { secret: 'another secret' }];
    for (const change of changes) {
      const nonce = digestNonce(key, nowMs, scope.sipCallId);
      expect(judgeNonce({ ...scope, ...change }, nonce, nowMs)).toBe('foreign');
    }
  });

  it('ends a nonce that is answered after its window no sooner than any other', () => {
    const lastMs = windowStartMs - 1;
    const nonce = issueNonce(scope, lastMs);
    expect(judgeNonce(scope, nonce, lastMs + edgeLimits.nonceAgeMs)).toBe('fresh');
    expect(judgeNonce(scope, nonce, lastMs + edgeLimits.nonceAgeMs + 1)).toBe('expired');
  });
});
