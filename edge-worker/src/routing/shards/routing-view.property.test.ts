/**
 * A call sees its own shards only, and the verdict is that of the whole table: for random tables, put
 * through the document and read back as the call path reads them, and random calls. A trunk with many
 * numbers stands beside, so that the numbers of the table lie in several buckets.
 */
import { env } from 'cloudflare:workers';
import { offerExample } from '@callgate/shared/contract/offer.ts';
import { ruleFault } from '@callgate/shared/livekit-api/validate-rule.ts';
import { inboundTrunkFault } from '@callgate/shared/livekit-api/validate-trunk.ts';
import {
  pinAnswer,
  routedCall,
  routingSet,
} from '@callgate/shared/routing/arbitrary-routing.fake.ts';
import { compileRouting, type RoutingSet } from '@callgate/shared/routing/compile.ts';
import type { PinAnswer } from '@callgate/shared/routing/compiled-rule.ts';
import { findConflicts } from '@callgate/shared/routing/conflicts.ts';
import { findRule, type RuleVerdict } from '@callgate/shared/routing/find-rule.ts';
import { findTrunk, type TrunkVerdict } from '@callgate/shared/routing/find-trunk.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';
import { type SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../../testdata/phone.ts';
import { asAdmin, putRouting } from '../../../testdata/requests.ts';
import { systemClock } from '../../clock.ts';
import type { Env } from '../../env.ts';
import { RoutingReader } from '../read/routing-reader.ts';
import { ruleOfView, trunkOfView } from './routing-view.ts';

/** Enough numbers to divide the table into several buckets. */
const crowd = new SIPInboundTrunkInfo({
  sipTrunkId: 'T9',
  numbers: Array.from({ length: 1_200 }, (_, n) => `+990${n}`),
});

/** What of a random set may be stored, object by object, beside the crowd. */
function storable({ trunks: wanted, rules: wantedRules }: RoutingSet): RoutingSet {
  const trunks: SIPInboundTrunkInfo[] = [crowd];
  const rules: SIPDispatchRuleInfo[] = [];
  for (const trunk of wanted) {
    const fits = findConflicts({ trunks: [...trunks, trunk], rules: [] }).length === 0;
    if (fits && inboundTrunkFault(trunk) === null) trunks.push(trunk);
  }
  for (const rule of wantedRules) {
    const fits = findConflicts({ trunks: [], rules: [...rules, rule] }).length === 0;
    if (fits && ruleFault(rule) === null) rules.push(rule);
  }
  return { trunks, rules };
}

async function put({ trunks, rules }: RoutingSet): Promise<number> {
  const json = <T extends { toJson: () => unknown }>(items: readonly T[]) =>
    items.map((item) => item.toJson() as object);
  return (await putRouting({ trunks: json(trunks), rules: json(rules) })).revision;
}

/** The part of a verdict that must be the same; the numbers of objects in shards are cut. */
function essence(verdict: TrunkVerdict | RuleVerdict): unknown {
  switch (verdict.kind) {
    case 'trunk':
      return [verdict.trunk.id, verdict.matchType];
    case 'rule':
      return [verdict.rule.id, verdict.needsPin];
    default:
      return verdict.kind;
  }
}

async function expectSameVerdicts(
  set: RoutingSet,
  revision: number,
  reader: RoutingReader,
  bindings: Env,
  call: RoutedCall,
  pin: PinAnswer,
): Promise<void> {
  const whole = compileRouting({
    ...set,
    allowTrunklessCalls: bindings.ALLOW_TRUNKLESS_CALLS === 'true',
  });
  const sent = pin.kind === 'pin' && pin.digits !== '' ? pin.digits : null;
  const view = await reader.view(
    bindings,
    { number: call.toUser, caller: call.fromUser, pin: sent },
    revision,
  );
  const found = findTrunk(whole, call);
  expect(essence(trunkOfView(view, call))).toEqual(essence(found));
  if (found.kind === 'none' || found.kind === 'ambiguous') return;
  const trunkId = found.kind === 'trunk' ? found.trunk.id : null;
  const rule = findRule(whole, trunkId, call, pin);
  expect(essence(ruleOfView(view, trunkId, call, pin))).toEqual(essence(rule));
}

const questions = fc.array(fc.tuple(routedCall, pinAnswer), { minLength: 12, maxLength: 12 });

describe('the view of a call', () => {
  it.each(['false', 'true'])(
    'gives the verdict of the whole table (trunkless calls: %s)',
    async (allowed) => {
      const bindings: Env = { ...(env as unknown as Env), ALLOW_TRUNKLESS_CALLS: allowed };
      const reader = new RoutingReader(systemClock);
      await fc.assert(
        fc.asyncProperty(routingSet, questions, async (wanted, asked) => {
          const set = storable(wanted);
          const revision = await put(set);
          for (const [call, pin] of asked) {
            await expectSameVerdicts(set, revision, reader, bindings, call, pin);
          }
        }),
        { numRuns: 100 },
      );
    },
  );
});

describe('a simulation', () => {
  it('ends as the live offer of the same call ends', async () => {
    await fc.assert(
      fc.asyncProperty(routingSet, routedCall, async (wanted, call) => {
        const revision = await put(storable(wanted));
        const decision = await decide({
          min_revision: revision,
          source: {
            ...offerExample.source,
            address: call.source === '' ? '192.0.2.9' : call.source,
          },
          from: { ...offerExample.from, user: call.fromUser, host: call.fromHost },
          to: { user: call.toUser, host: call.fromHost },
        });
        const response = await asAdmin('POST', '/v1/routing/simulate', {
          call: {
            from_user: call.fromUser,
            from_host: call.fromHost,
            to_user: call.toUser,
            source: call.source === '' ? '192.0.2.9' : call.source,
          },
        });
        expect(response.status).toBe(200);
        const simulated = (await response.json()) as Record<string, unknown>;
        const outcomes = {
          join: 'accept',
          'ask-pin': 'request-pin',
          refuse: 'refuse',
          challenge: 'challenge',
          drop: 'drop',
        };
        expect(simulated['outcome']).toBe(outcomes[decision.kind]);
        expect(simulated['trunk']).toBe(decision.trunk_id);
        if (decision.kind === 'join') expect(simulated['rule']).toBe(decision.rule_id);
        if (decision.kind === 'refuse') expect(simulated['reason']).toBe(decision.reason);
      }),
      { numRuns: 100 },
    );
  });
});
