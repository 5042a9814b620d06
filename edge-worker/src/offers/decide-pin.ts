/**
 * The decision over the digits of a PIN. Any rule with that PIN that takes the call wins, not only the one that asked; `#` alone leads to a rule without
 * PIN. A wrong PIN costs an attempt and is counted (pin-lockout.ts). Digits are never logged and never leave in an answer.
 */
import type { Decision } from '@callgate/shared/contract/decision.ts';
import type { PinAnswer } from '@callgate/shared/contract/pin.ts';
import type { CompiledRule, PinAnswer as SaidPin } from '@callgate/shared/routing/compiled-rule.ts';
import type { CompiledTrunk } from '@callgate/shared/routing/compiled-trunk.ts';
import { evaluateRule } from '@callgate/shared/routing/evaluate-rule.ts';
import type { RoutedCall } from '@callgate/shared/routing/routed-call.ts';
import { leaseOf } from '../caps/take-call.ts';
import { sealingKeyOf } from '../env.ts';
import { Problem } from '../http/problem.ts';
import type { CallFacts } from '../live/note-live-call.ts';
import { randomText } from '../rooms/random-text.ts';
import { type RoutingView, ruleOfView, trunkInView } from '../routing/shards/routing-view.ts';
import { isSameText } from '../trust/constant-time.ts';
import type { OfferParts } from './decide-offer.ts';
import { frameOf, joinDecision } from './join-decision.ts';
import { lockoutOf } from './pin-lockout.ts';
import { openTicket, type PinTicket, sealTicket } from './pin-ticket.ts';

export interface PinVerdict {
  readonly decision: Decision;
  readonly call: RoutedCall;
  readonly pin: SaidPin;
  readonly facts: CallFacts;
}

/** @throws Problem `bad-field` for a ticket that is not of this call, `routing-unavailable`, ConfigError */
export async function decidePin(
  callId: string,
  answer: PinAnswer,
  parts: OfferParts,
): Promise<PinVerdict> {
  const { env, clock } = parts;
  const reading = openTicket(sealingKeyOf(env), callId, answer.ticket, clock.now());
  if (reading.kind === 'foreign')
    throw new Problem(
      'bad-field',
      'ticket: expected the ticket of the ask-pin decision of this call',
    );
  const { ticket } = reading;
  const pin: SaidPin =
    answer.digits === '' ? { kind: 'no-pin' } : { kind: 'pin', digits: answer.digits };
  const decision =
    reading.kind === 'expired'
      ? refuse(ticket, 'pin-timeout', 'The PIN came too late.')
      : await judge(ticket, pin, parts);
  const { sipCallId, sequence } = ticket;
  const { fromUser, toUser, source } = ticket.call;
  const facts = { callId, sequence, sipCallId, fromUser, toUser, source };
  return { decision, call: ticket.call, pin, facts };
}

async function judge(ticket: PinTicket, pin: SaidPin, parts: OfferParts): Promise<Decision> {
  const { env, reader } = parts;
  if (await lockoutOf(env, ticket).isLocked(ticket)) return lockedOut(ticket);
  const { toUser: number, fromUser: caller } = ticket.call;
  const key = { number, caller, pin: pin.kind === 'pin' ? pin.digits : null };
  const view = await reader.view(env, key, ticket.revision);
  let joined = await tryJoin(view, ticket, pin, parts);
  if (joined === null) {
    const newer = await reader.newerThan(env, key, view.revision);
    joined = newer === null ? null : await tryJoin(newer, ticket, pin, parts);
  }
  if (joined === null) return await wrongPin(ticket, parts);
  // Of many PINs that are keyed in at the same moment, on many calls, those that were wrong count before the right one.
  return (await lockoutOf(env, ticket).isLocked(ticket)) ? lockedOut(ticket) : joined;
}

function lockedOut(ticket: PinTicket): Decision {
  return refuse(ticket, 'wrong-pin', 'Too many wrong PINs came from this caller or address.');
}

/** null: no rule takes the call with this PIN. */
async function tryJoin(
  view: RoutingView,
  ticket: PinTicket,
  pin: SaidPin,
  { env }: OfferParts,
): Promise<Decision | null> {
  const trunk = ticket.trunkId === null ? null : trunkInView(view, ticket.trunkId);
  if (trunk === null && ticket.trunkId !== null)
    return refuse(ticket, 'no-trunk', 'The trunk that took the call is gone.');
  const found = ruleOfView(view, ticket.trunkId, ticket.call, pin);
  if (found.kind !== 'rule' || !opens(found.rule, pin)) return null;
  const evaluation = evaluate(found.rule, trunk, ticket, pin);
  if (evaluation.kind !== 'accept') return null;
  const { limits } = frameOf(trunk, evaluation);
  const common = { revision: view.revision, trunk_id: ticket.trunkId, limits };
  const joined = await joinDecision(evaluation, { ...ticket, callStatus: 'active' }, common, env);
  // Counted when the caller was asked for the PIN.
  return { ...joined, ...leaseOf(trunk) };
}

/** The look-up went by hash; what decides is compared in constant time. */
function opens(rule: CompiledRule, pin: SaidPin): boolean {
  return isSameText(rule.pin, pin.kind === 'pin' ? pin.digits : '');
}

function evaluate(
  rule: CompiledRule,
  trunk: CompiledTrunk | null,
  { call }: PinTicket,
  pin: SaidPin,
) {
  return evaluateRule({
    trunk: trunk?.info ?? null,
    rule,
    call,
    pin,
    extraAttributes: new Map(),
    roomSuffix: randomText(),
  });
}

async function wrongPin(ticket: PinTicket, { env }: OfferParts): Promise<Decision> {
  await lockoutOf(env, ticket).addWrong(ticket);
  const attemptsLeft = ticket.attemptsLeft - 1;
  if (attemptsLeft <= 0)
    return refuse(ticket, 'wrong-pin', 'The PIN that was keyed in matches no room.');
  return {
    kind: 'ask-pin',
    revision: ticket.revision,
    trunk_id: ticket.trunkId,
    ticket: sealTicket(sealingKeyOf(env), { ...ticket, attemptsLeft }),
    attempts_left: attemptsLeft,
    limits: ticket.limits,
    media: ticket.media,
  };
}

function refuse(
  { revision, trunkId }: PinTicket,
  reason: 'wrong-pin' | 'pin-timeout' | 'no-trunk',
  explanation: string,
): Decision {
  return { kind: 'refuse', revision, trunk_id: trunkId, reason, explanation };
}
