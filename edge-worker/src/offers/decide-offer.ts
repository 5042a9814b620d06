/**
 * The decision over an offer, step by step as a reader would tell it: trunk, credentials, rule, evaluation, token, caps. The first two
 * steps and the fourth are pure functions of shared/routing, the same that a simulation runs.
 */
import type { Decision } from '@callgate/shared/contract/decision.ts';
import type { Offer } from '@callgate/shared/contract/offer.ts';
import type { CompiledTrunk } from '@callgate/shared/routing/compiled-trunk.ts';
import { takeCall } from '../caps/take-call.ts';
import type { Clock } from '../clock.ts';
import { answerToStrangers, digestAlgorithmsOf, type Env, nonceSecretOf } from '../env.ts';
import type { ReadCost, RoutingReader } from '../routing/read/routing-reader.ts';
import {
  credentialOfView,
  type RoutingView,
  trunkInView,
  trunkOfView,
} from '../routing/shards/routing-view.ts';
import { challengesOf, judgeDigest } from '../trust/digest/digest.ts';
import { decideRule } from './decide-rule.ts';
import { challengeStatus, type Demand, nextChallenge } from './next-challenge.ts';
import { refuseTrunk } from './refusals.ts';
import { routedCall } from './routed-call.ts';

export interface OfferParts {
  readonly env: Env;
  readonly clock: Clock;
  readonly reader: Pick<RoutingReader, 'view' | 'newerThan'>;
}

export interface OfferVerdict {
  readonly decision: Decision;
  /** What reading the routing has cost. */
  readonly cost: Readonly<ReadCost>;
}

interface Routed extends OfferVerdict {
  /** What the decision was made on. */
  readonly view: RoutingView;
}

/** @param node who asks. @throws Problem `routing-unavailable`, ConfigError */
export async function decideOffer(
  node: string,
  offer: Offer,
  parts: OfferParts,
): Promise<OfferVerdict> {
  const { decision, view, cost } = await route(offer, parts);
  if (decision.kind !== 'join' && decision.kind !== 'ask-pin') return { decision, cost };
  const trunk = decision.trunk_id === null ? null : trunkInView(view, decision.trunk_id);
  const call = { node, callId: offer.call_id, revision: decision.revision };
  const taking = await takeCall(call, trunk, parts.env);
  return {
    decision: taking.kind === 'in' ? { ...decision, ...taking.lease } : taking.decision,
    cost,
  };
}

/** What the table says of the call, caps aside. */
async function route(offer: Offer, parts: OfferParts): Promise<Routed> {
  const key = { number: offer.to.user, caller: offer.from.user, pin: null };
  const view = await parts.reader.view(parts.env, key, offer.min_revision);
  const decision = await decide(offer, view, parts);
  if (!isDoubtful(decision)) return { decision, view, cost: view.cost };
  const newer = await parts.reader.newerThan(parts.env, key, view.revision);
  const cost = {
    kvReads: view.cost.kvReads + (newer?.cost.kvReads ?? 0),
    tableQuestions: view.cost.tableQuestions + (newer?.cost.tableQuestions ?? 0),
  };
  if (newer === null) return { decision, view, cost };
  return { decision: await decide(offer, newer, parts), view: newer, cost };
}

/** Refused for want of an entry, or for a password that may have been changed: what KV has not yet shown may say otherwise. */
function isDoubtful(decision: Decision): boolean {
  if (decision.kind === 'challenge' && decision.is_guess === false) return false;
  return ['no-trunk', 'no-rule', 'stranger-dropped', 'bad-credentials'].includes(
    reasonOf(decision),
  );
}

function reasonOf(decision: Decision): string {
  return 'reason' in decision ? decision.reason : '';
}

async function decide(offer: Offer, view: RoutingView, parts: OfferParts): Promise<Decision> {
  const call = routedCall(offer);
  const found = trunkOfView(view, call);
  switch (found.kind) {
    case 'none':
      return answerToStrangers(parts.env) === 'drop'
        ? { kind: 'drop', revision: view.revision, trunk_id: null, reason: 'stranger-dropped' }
        : refuseTrunk(found, view, call);
    case 'ambiguous':
      return refuseTrunk(found, view, call);
    case 'trunkless':
      return decideRule(offer, view, null, parts);
    case 'trunk': {
      const demand = demandOf(offer, view, found.trunk, parts.env);
      if (demand === null) return decideRule(offer, view, found.trunk, parts);
      const nowMs = parts.clock.now();
      const challenge = challengeOf(offer, view, found.trunk, demand, nowMs);
      if (challenge !== null) return challenge;
      const decision = await decideRule(offer, view, found.trunk, parts);
      if (decision.kind !== 'join' && decision.kind !== 'ask-pin') return decision;
      const next_challenge = nextChallenge(view, found, call, demand, nowMs);
      return {
        ...decision,
        credentials_are_right: true,
        ...(next_challenge === undefined ? {} : { next_challenge }),
      };
    }
    default:
      return found satisfies never;
  }
}

/** null: the trunk asks for nothing. */
function demandOf(offer: Offer, view: RoutingView, trunk: CompiledTrunk, env: Env): Demand | null {
  const credential = credentialOfView(view, trunk.id);
  if (credential === undefined) return null;
  const { realm } = credential;
  const scope = { secret: nonceSecretOf(env), source: offer.source.address, realm };
  const algorithms = trunk.options.digest_algorithms ?? digestAlgorithmsOf(env);
  return { credential, scope, algorithms };
}

/** The challenge that the caller has still to meet; null: the answer is right. */
function challengeOf(
  offer: Offer,
  view: RoutingView,
  trunk: CompiledTrunk,
  { credential, scope: keyScope, algorithms }: Demand,
  nowMs: number,
): Decision | null {
  const scope = { ...keyScope, sipCallId: offer.sip_call_id };
  const verdict =
    offer.credentials === null
      ? null
      : judgeDigest({
          value: offer.credentials.value,
          method: 'INVITE',
          targets: [offer.request, offer.to],
          credential,
          scope,
          offered: algorithms,
          nowMs,
        });
  if (verdict === 'right') return null;
  const isBad = verdict === 'wrong' || verdict === 'foreign';
  return {
    kind: 'challenge',
    revision: view.revision,
    trunk_id: trunk.id,
    status: challengeStatus,
    challenges: challengesOf(scope, algorithms, nowMs, verdict === 'stale'),
    ...(isBad
      ? { reason: 'bad-credentials', is_guess: verdict === 'wrong' }
      : { reason: 'challenge-unanswered' }),
  };
}
