/**
 * What the chosen rule means for the call: room, participant, attributes, media, and what the trunk adds.
 * Nothing of it is looked up again later: the room token and the decision are made from this.
 */
import {
  type RoomConfiguration,
  SIPHeaderOptions,
  type SIPInboundTrunkInfo,
  type SIPMediaConfig,
  SIPMediaEncryption,
} from '@livekit/protocol';
import type { CallSounds } from '../contract/call-sounds.ts';
import { isOwnAttribute, soundsOf } from './call-sounds.ts';
import { callerIdentity } from './caller-identity.ts';
import type { CompiledRule, PinAnswer, RuleKind } from './compiled-rule.ts';
import { durationMs } from './duration.ts';
import { mergeMedia } from './merge-media.ts';
import type { RoutedCall } from './routed-call.ts';
import { trunkOptionsOf } from './trunk-options.ts';

/** What is known before a PIN is sent, too. */
export interface RequestPin {
  readonly kind: 'request-pin';
  /** `''`: no trunk. */
  readonly trunkId: string;
  readonly ruleId: string;
  /** Merged from trunk and rule. */
  readonly media: SIPMediaConfig;
  /** `media.encryption`, DISABLE when it is unset. */
  readonly mediaEncryption: SIPMediaEncryption;
  /** What the caller hears of the node; undefined: what it plays to everybody. */
  readonly sounds: CallSounds | undefined;
}

/** The answer for a call that may join. Headers and timeouts come from the trunk alone. */
export interface AcceptCall extends Omit<RequestPin, 'kind'> {
  readonly kind: 'accept';
  readonly roomName: string;
  readonly roomPreset: string;
  readonly roomConfig: RoomConfiguration | undefined;
  readonly participantIdentity: string;
  readonly participantName: string;
  readonly participantMetadata: string;
  /** Those of rule and call; headers of the INVITE come on top (sip/participant-attributes.ts). */
  readonly participantAttributes: ReadonlyMap<string, string>;
  /** For the 200 OK. */
  readonly headers: Readonly<Record<string, string>>;
  readonly headersToAttributes: Readonly<Record<string, string>>;
  readonly attributesToHeaders: Readonly<Record<string, string>>;
  readonly includeHeaders: SIPHeaderOptions;
  readonly krispEnabled: boolean;
  /** As configured, ms; null: not set. call-limits.ts puts the defaults in. */
  readonly ringingTimeoutMs: number | null;
  readonly maxCallDurationMs: number | null;
}

export type Evaluation = AcceptCall | RequestPin;

export interface EvaluationInput {
  /** null: no trunk took the call. */
  readonly trunk: SIPInboundTrunkInfo | null;
  readonly rule: Pick<CompiledRule, 'id' | 'info' | 'kind' | 'pin'>;
  readonly call: RoutedCall;
  readonly pin: PinAnswer;
  /** They win over the attributes of the rule, and lose to those of the call. */
  readonly extraAttributes: ReadonlyMap<string, string>;
  /** 12 random letters and digits, for rules that make the room name unique. */
  readonly roomSuffix: string;
}

/** A rule with a PIN never lets a call join without that very PIN, whatever findRule said. */
export function evaluateRule(input: EvaluationInput): Evaluation {
  const { trunk, rule, call, pin } = input;
  const media = mergeMedia(trunk, rule.info);
  const known = {
    trunkId: trunk?.sipTrunkId ?? '',
    ruleId: rule.id,
    media,
    mediaEncryption: media.encryption ?? SIPMediaEncryption.SIP_MEDIA_ENCRYPT_DISABLE,
    sounds: soundsOf(trunkOptionsOf(trunk?.metadata ?? ''), rule.info.attributes),
  };
  if (rule.pin !== '' && !(pin.kind === 'pin' && pin.digits === rule.pin)) {
    return { kind: 'request-pin', ...known };
  }
  const caller = callerIdentity(call.fromUser, rule.info.hidePhoneNumber);
  return {
    kind: 'accept',
    ...known,
    roomName: roomName(rule.kind, caller.visible, call.toUser, input.roomSuffix),
    roomPreset: rule.info.roomPreset,
    roomConfig: rule.info.roomConfig,
    participantIdentity: caller.identity,
    participantName: caller.name,
    participantMetadata: rule.info.metadata,
    participantAttributes: callAttributes(input, known.trunkId),
    headers: trunk?.headers ?? {},
    headersToAttributes: trunk?.headersToAttributes ?? {},
    attributesToHeaders: trunk?.attributesToHeaders ?? {},
    includeHeaders: trunk?.includeHeaders ?? SIPHeaderOptions.SIP_NO_HEADERS,
    krispEnabled: rule.info.krispEnabled || (trunk?.krispEnabled ?? false),
    ringingTimeoutMs: durationMs(trunk?.ringingTimeout),
    maxCallDurationMs: durationMs(trunk?.maxCallDuration),
  };
}

/** Characters of numbers are not escaped; a prefix always gets its underscore. */
function roomName(kind: RuleKind, caller: string, called: string, suffix: string): string {
  switch (kind.case) {
    case 'dispatchRuleDirect':
      return kind.value.roomName;
    case 'dispatchRuleIndividual':
      return joinName(kind.value.roomPrefix, caller, kind.value.noRandomness ? '' : suffix);
    case 'dispatchRuleCallee':
      return joinName(kind.value.roomPrefix, called, kind.value.randomize ? suffix : '');
    default:
      return kind satisfies never;
  }
}

function joinName(prefix: string, number: string, suffix: string): string {
  return `${prefix === '' ? '' : `${prefix}_`}${number}${suffix === '' ? '' : `_${suffix}`}`;
}

/** Later ones win. A hidden number appears in none of them, unless the rule itself says so. */
function callAttributes(input: EvaluationInput, trunkId: string): Map<string, string> {
  const { call, rule } = input;
  const attributes = new Map(
    Object.entries(rule.info.attributes).filter(([name]) => !isOwnAttribute(name)),
  );
  for (const [name, value] of input.extraAttributes) attributes.set(name, value);
  attributes.set('sip.callID', call.callId);
  attributes.set('sip.trunkID', trunkId);
  if (!rule.info.hidePhoneNumber) {
    attributes.set('sip.phoneNumber', call.fromUser);
    attributes.set('sip.hostname', call.fromHost);
    attributes.set('sip.trunkPhoneNumber', call.toUser);
  }
  attributes.set('sip.ruleID', rule.id);
  return attributes;
}
