/** The decision for a call that may join: room and token, limits, media policy and headers, from the evaluated rule. */
import type { Decision, DecisionLimits, MediaPolicy } from '@callgate/shared/contract/decision.ts';
import { resolveCallLimits } from '@callgate/shared/routing/call-limits.ts';
import type { CompiledTrunk } from '@callgate/shared/routing/compiled-trunk.ts';
import type { AcceptCall, Evaluation } from '@callgate/shared/routing/evaluate-rule.ts';
import {
  participantAttributes,
  type SipHeader,
} from '@callgate/shared/sip/participant-attributes.ts';
import { SIPMediaEncryption } from '@livekit/protocol';
import { type Env, livekitOf } from '../env.ts';
import { roomToken } from '../rooms/room-token.ts';

/** What of the INVITE becomes attributes of the participant. */
export interface InviteFacts {
  readonly headers: readonly SipHeader[];
  readonly sipCallId: string;
  readonly fromTag: string;
  /** `active` for a call that was answered before it joins. */
  readonly callStatus: 'ringing' | 'active';
}

/** To join, or a refusal when the rule names no room: LiveKit takes a token without a room name as one for every room. */
export async function joinDecision(
  evaluation: AcceptCall,
  invite: InviteFacts,
  common: { revision: number; trunk_id: string | null; limits: DecisionLimits },
  env: Env,
): Promise<Decision> {
  if (evaluation.roomName === '') return refuseNameless(evaluation, common);
  const { url, apiKey, apiSecret } = livekitOf(env);
  const { headers, ...facts } = invite;
  const { attributes } = participantAttributes({ ...evaluation, ...facts, inviteHeaders: headers });
  const token = await roomToken({
    apiKey,
    apiSecret,
    roomName: evaluation.roomName,
    identity: evaluation.participantIdentity,
    name: evaluation.participantName,
    metadata: evaluation.participantMetadata,
    attributes,
    roomPreset: evaluation.roomPreset,
    roomConfig: evaluation.roomConfig ?? null,
  });
  return {
    kind: 'join',
    ...common,
    rule_id: evaluation.ruleId,
    room: { name: evaluation.roomName, url, token },
    participant: { identity: evaluation.participantIdentity, name: evaluation.participantName },
    media: mediaPolicy(evaluation),
    headers: { ...evaluation.headers },
    attributes_to_headers: { ...evaluation.attributesToHeaders },
  };
}

function refuseNameless(
  { ruleId }: AcceptCall,
  { revision, trunk_id }: { revision: number; trunk_id: string | null },
): Decision {
  const explanation = `The rule ${ruleId} gives this call no room name.`;
  return { kind: 'refuse', revision, trunk_id, reason: 'no-room-name', explanation };
}

/** Limits and media policy: the same whether the call joins or is first asked for its PIN. */
export function frameOf(
  trunk: CompiledTrunk | null,
  evaluation: Evaluation,
): { limits: DecisionLimits; media: MediaPolicy } {
  return {
    limits: resolveCallLimits(trunk?.info ?? null, evaluation.media),
    media: mediaPolicy(evaluation),
  };
}

function mediaPolicy({ media, sounds }: Pick<Evaluation, 'media' | 'sounds'>): MediaPolicy {
  return {
    only_listed_codecs: media.onlyListedCodecs,
    codecs: media.codecs.map(({ name, rate }) => ({ name, rate })),
    encryption: encryptionOf(media.encryption),
    ...(sounds === undefined ? {} : { sounds }),
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
