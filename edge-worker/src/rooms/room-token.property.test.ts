/**
 * Least privilege of room tokens, over all rules: whatever trunk, rule and call come together, the token opens the one room of the decision to the one
 * participant of the decision, for ten minutes, and gives nothing that an administrator of LiveKit has.
 */
import { env } from 'cloudflare:workers';
import { edgeLimits } from '@callgate/shared/limits.ts';
import { routedCall, routingSet } from '@callgate/shared/routing/arbitrary-routing.fake.ts';
import { compileRule } from '@callgate/shared/routing/compiled-rule.ts';
import { evaluateRule } from '@callgate/shared/routing/evaluate-rule.ts';
import {
  RoomAgentDispatch,
  RoomConfiguration,
  SIPDispatchRule,
  SIPDispatchRuleCallee,
  SIPDispatchRuleDirect,
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
} from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testApiKey, testApiSecret } from '../../testdata/bindings.ts';
import { systemClock } from '../clock.ts';
import { joinDecision } from '../offers/join-decision.ts';

const text = fc.oneof(
  fc.constantFrom('', 'a', '*', 'roomAdmin', '{"video":{"roomAdmin":true}}'),
  fc.string(),
);
const texts = fc.dictionary(fc.string({ minLength: 1 }), text, { maxKeys: 3 });

/** What a rule may carry into the token beside its room. */
const extras = fc.record({
  metadata: text,
  attributes: texts,
  roomPreset: text,
  hidePhoneNumber: fc.boolean(),
  roomConfig: fc.option(
    fc
      .record({ name: text, metadata: text, agentName: text })
      .map(
        ({ name, metadata, agentName }) =>
          new RoomConfiguration({ name, metadata, agents: [new RoomAgentDispatch({ agentName })] }),
      ),
    { nil: undefined },
  ),
});
/** Rules that name no room, or none for a call without a number. */
const nameless = [
  new SIPDispatchRule({
    rule: { case: 'dispatchRuleDirect', value: new SIPDispatchRuleDirect() },
  }),
  new SIPDispatchRule({
    rule: { case: 'dispatchRuleCallee', value: new SIPDispatchRuleCallee() },
  }),
].map((rule) => new SIPDispatchRuleInfo({ sipDispatchRuleId: 'R9', rule }));
const headers = fc.array(
  fc.record({ name: fc.constantFrom('X-Room', 'Authorization', 'video'), value: text }),
  { maxLength: 3 },
);

async function claimsOf(jwt: string): Promise<Record<string, unknown>> {
  const [head = '', body = '', signature = ''] = jwt.split('.');
  const key = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(testApiSecret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  );
  const isOurs = await crypto.subtle.verify(
    'HMAC',
    key,
    Buffer.from(signature, 'base64url'),
    new TextEncoder().encode(`${head}.${body}`),
  );
  expect(isOurs).toBe(true);
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
}

/** Claims that open nothing by themselves: who, until when, and what the room is told. All others are grants, or may be some day. */
const harmless = new Set([
  ...['video', 'iss', 'sub', 'exp', 'nbf', 'kind'],
  ...['name', 'metadata', 'attributes', 'roomConfig', 'roomPreset'],
]);

describe('a room token', () => {
  it('opens one room to one participant, for ten minutes, and nothing else, whatever the rule says', async () => {
    let joined = 0;
    const property = fc.asyncProperty(
      routingSet,
      routedCall,
      extras,
      headers,
      async ({ trunks, rules }, call, { roomConfig, ...more }, inviteHeaders) => {
        const trunk = new SIPInboundTrunkInfo({
          ...trunks[0],
          sipTrunkId: 'T0',
          headersToAttributes: { 'X-Room': 'room', Authorization: 'video' },
        });
        for (const info of [...rules, ...nameless]) {
          const rule = compileRule(
            new SIPDispatchRuleInfo({
              ...info,
              ...more,
              ...(roomConfig === undefined ? {} : { roomConfig }),
            }),
          );
          if (rule === null) continue;
          const evaluation = evaluateRule({
            trunk,
            rule,
            call,
            pin: rule.pin === '' ? { kind: 'none-yet' } : { kind: 'pin', digits: rule.pin },
            extraAttributes: new Map(),
            roomSuffix: 'abcdefghijkl',
          });
          if (evaluation.kind !== 'accept') continue;
          const decision = await joinDecision(
            evaluation,
            { headers: inviteHeaders, sipCallId: 'c', fromTag: 't', callStatus: 'ringing' },
            { revision: 1, trunk_id: 'T0', limits: limits() },
            env,
          );
          // A token without a room name opens every room: such a call gets none.
          expect(decision.kind).toBe(evaluation.roomName === '' ? 'refuse' : 'join');
          if (decision.kind !== 'join') continue;
          joined += 1;
          const claims = await claimsOf(decision.room.token);
          expect(claims['video']).toEqual({
            roomJoin: true,
            room: decision.room.name,
            canPublish: true,
            canPublishSources: ['microphone'],
            canSubscribe: true,
            canPublishData: true,
            canUpdateOwnMetadata: true,
          });
          expect(claims['sub']).toBe(decision.participant.identity);
          expect(decision.participant.identity).toMatch(/^sip_/);
          expect(claims['kind']).toBe('sip');
          expect(claims['iss']).toBe(testApiKey);
          expect(Object.keys(claims).filter((claim) => !harmless.has(claim))).toEqual([]);
          const nowS = systemClock.now() / 1_000;
          expect(Number(claims['exp'])).toBeLessThanOrEqual(nowS + edgeLimits.roomTokenTtlS + 1);
          expect(Number(claims['nbf'])).toBeGreaterThanOrEqual(nowS - 10);
          expect(decision.room.token).not.toContain(testApiSecret);
        }
      },
    );
    await fc.assert(property, { numRuns: 200 });
    // Most tables of the generator have rules that let somebody in; a test that met none would prove nothing.
    expect(joined).toBeGreaterThan(100);
  });
});

function limits() {
  return { ringing_timeout_ms: 1, max_call_duration_ms: 1, media_timeout_ms: 1 };
}
