/** The second half of a decision: the trunk has let the caller in; which rule, which room, and the token for it. */
import type { Decision, MediaPolicy } from '@callgate/shared/contract/decision.ts';
import type { Offer } from '@callgate/shared/contract/offer.ts';
import { pinLimits } from '@callgate/shared/limits.ts';
import { resolveCallLimits } from '@callgate/shared/routing/call-limits.ts';
import type { CompiledTrunk } from '@callgate/shared/routing/compiled-trunk.ts';
import { type AcceptCall, evaluateRule } from '@callgate/shared/routing/evaluate-rule.ts';
import { participantAttributes } from '@callgate/shared/sip/participant-attributes.ts';
import { type SIPMediaConfig, SIPMediaEncryption } from '@livekit/protocol';
import type { Clock } from '../clock.ts';
import { type Env, livekitOf, sealingKeyOf } from '../env.ts';
import { randomText } from '../rooms/random-text.ts';
import { roomToken } from '../rooms/room-token.ts';
import { type RoutingView, ruleOfView } from '../routing/shards/routing-view.ts';
import { explainNoRule } from './explanations.ts';
import { sealTicket } from './pin-ticket.ts';
import { routedCall } from './routed-call.ts';

/** @param trunk null: no trunk matched and the deployment lets such calls go on */
export async function decideRule(
  offer: Offer,
  view: RoutingView,
  trunk: CompiledTrunk | null,
  { env, clock }: { env: Env; clock: Clock },
): Promise<Decision> {
  const call = routedCall(offer);
  const pin = { kind: 'none-yet' } as const;
  const common = { revision: view.revision, trunk_id: trunk?.id ?? null };
  const found = ruleOfView(view, trunk?.id ?? null, call, pin);
  switch (found.kind) {
    case 'none':
      return {
        kind: 'refuse',
        ...common,
        reason: 'no-rule',
        explanation: explainNoRule(offer, common.trunk_id),
      };
    case 'ambiguous':
      return {
        kind: 'refuse',
        ...common,
        reason: 'routing-conflict',
        explanation: `More than one rule takes this call: ${found.rules.map(({ id }) => id).join(', ')}.`,
      };
    case 'rule': {
      const evaluation = evaluateRule({
        trunk: trunk?.info ?? null,
        rule: found.rule,
        call,
        pin,
        extraAttributes: new Map(),
        roomSuffix: randomText(),
      });
      const limits = resolveCallLimits(trunk?.info ?? null, evaluation.media);
      const media = mediaPolicy(evaluation.media);
      if (evaluation.kind === 'request-pin')
        return {
          kind: 'ask-pin',
          ...common,
          ticket: sealTicket(sealingKeyOf(env), {
            trunkId: common.trunk_id,
            call,
            sipCallId: offer.sip_call_id,
            fromTag: offer.from.tag,
            headers: offer.headers,
            attemptsLeft: pinLimits.attemptsDefault,
            expiresAtMs: clock.now() + pinLimits.ticketAgeMs,
          }),
          attempts_left: pinLimits.attemptsDefault,
          limits,
          media,
        };
      return {
        kind: 'join',
        ...common,
        rule_id: evaluation.ruleId,
        room: await roomOf(offer, evaluation, env),
        participant: {
          identity: evaluation.participantIdentity,
          name: evaluation.participantName,
        },
        limits,
        media,
        headers: { ...evaluation.headers },
        attributes_to_headers: { ...evaluation.attributesToHeaders },
      };
    }
    default:
      return found satisfies never;
  }
}

async function roomOf(
  offer: Offer,
  evaluation: AcceptCall,
  env: Env,
): Promise<{ name: string; url: string; token: string }> {
  const { url, apiKey, apiSecret } = livekitOf(env);
  const token = await roomToken({
    apiKey,
    apiSecret,
    roomName: evaluation.roomName,
    identity: evaluation.participantIdentity,
    name: evaluation.participantName,
    metadata: evaluation.participantMetadata,
    attributes: participantAttributes({
      ...evaluation,
      inviteHeaders: offer.headers,
      sipCallId: offer.sip_call_id,
      fromTag: offer.from.tag,
      callStatus: 'ringing',
    }).attributes,
    roomPreset: evaluation.roomPreset,
    roomConfig: evaluation.roomConfig ?? null,
  });
  return { name: evaluation.roomName, url, token };
}

function mediaPolicy(media: SIPMediaConfig): MediaPolicy {
  return {
    only_listed_codecs: media.onlyListedCodecs,
    codecs: media.codecs.map(({ name, rate }) => ({ name, rate })),
    encryption: encryptionOf(media.encryption),
  };
}

function encryptionOf(encryption: SIPMediaEncryption | undefined): MediaPolicy['encryption'] {
  switch (encryption) {
    case SIPMediaEncryption.SIP_MEDIA_ENCRYPT_REQUIRE:
      return 'require';
    case SIPMediaEncryption.SIP_MEDIA_ENCRYPT_ALLOW:
      return 'allow';
    default:
      // A number that no version of ours knows asks for nothing.
      return 'disable';
  }
}
