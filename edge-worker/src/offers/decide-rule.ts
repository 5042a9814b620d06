/** The second half of a decision: the trunk has let the caller in; which rule, which room, or first a PIN. */
import type { Decision } from '@callgate/shared/contract/decision.ts';
import type { Offer } from '@callgate/shared/contract/offer.ts';
import { pinLimits } from '@callgate/shared/limits.ts';
import type { CompiledTrunk } from '@callgate/shared/routing/compiled-trunk.ts';
import { evaluateRule } from '@callgate/shared/routing/evaluate-rule.ts';
import type { Clock } from '../clock.ts';
import { type Env, pinAttemptsOf, sealingKeyOf } from '../env.ts';
import { randomText } from '../rooms/random-text.ts';
import { type RoutingView, ruleOfView } from '../routing/shards/routing-view.ts';
import { frameOf, joinDecision } from './join-decision.ts';
import { sealTicket } from './pin-ticket.ts';
import { refuseRule } from './refusals.ts';
import { routedCall } from './routed-call.ts';

/** @param trunk null: no trunk matched and the deployment lets such calls go on. @throws ConfigError */
export async function decideRule(
  offer: Offer,
  view: RoutingView,
  trunk: CompiledTrunk | null,
  { env, clock }: { env: Env; clock: Clock },
): Promise<Decision> {
  const call = routedCall(offer);
  const pin = { kind: 'none-yet' } as const;
  const common = { revision: view.revision, trunk_id: trunk?.id ?? null };
  const found = ruleOfView(view, common.trunk_id, call, pin);
  if (found.kind !== 'rule') return refuseRule(found, view, common.trunk_id, call);
  const evaluation = evaluateRule({
    trunk: trunk?.info ?? null,
    rule: found.rule,
    call,
    pin,
    extraAttributes: new Map(),
    roomSuffix: randomText(),
  });
  const { limits, media } = frameOf(trunk, evaluation);
  const invite = {
    headers: offer.headers,
    sipCallId: offer.sip_call_id,
    fromTag: offer.from.tag,
  };
  if (evaluation.kind === 'accept')
    return joinDecision(
      evaluation,
      { ...invite, callStatus: 'ringing' },
      { ...common, limits },
      env,
    );
  const attemptsLeft = pinAttemptsOf(env);
  const ticket = sealTicket(sealingKeyOf(env), {
    ...invite,
    sequence: offer.sequence,
    call,
    trunkId: common.trunk_id,
    revision: view.revision,
    attemptsLeft,
    expiresAtMs: clock.now() + pinLimits.ticketAgeMs,
    limits,
    media,
  });
  return { kind: 'ask-pin', ...common, ticket, attempts_left: attemptsLeft, limits, media };
}
